/** Plans and turns: who is on call, what is open in whose plan, and who would be told when. */

import { session as acts } from "../desk/act.js";
import { Problem, get } from "../desk/api.js";
import { makeLanguages } from "../desk/header.js";
import { makeSignIn } from "../desk/sign_in.js";
import { preferredLanguage, say, speak } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { OpenPlans } from "./open_plans.js";
import { Teams } from "./teams.js";
import { Trial } from "./trial.js";

/** @typedef {import("../desk/model.js").Session} Session */

/** @param {Problem | null} problem */
function showSignIn(problem) {
  document.title = say("plans.title");
  const node = makeSignIn({ ended: false, problem, tools: makeLanguages(changeLanguage), done: () => void show() });
  fill(document.body, node);
  node.querySelector("input")?.focus();
}

async function show() {
  document.title = say("plans.title");
  const trial = new Trial();
  const open = new OpenPlans((person) => void trial.choose(person));
  const teams = new Teams();
  fill(
    document.body,
    element(
      "header",
      { class: "bar" },
      element("h1", {}, say("plans.title")),
      element("span", { class: "bar-gap" }),
      makeLanguages(changeLanguage),
      element("a", { class: "button quiet", href: "/desk", "data-testid": "to-desk" }, say("plans.to_desk")),
    ),
    element("main", { class: "plans" }, teams.node, open.node, trial.node),
  );
  await Promise.all([teams.read(), open.read(), trial.read()]);
}

/** @param {string} wish */
async function changeLanguage(wish) {
  await speak(wish, { remember: true });
  await start();
}

async function start() {
  try {
    /** @type {Session} */
    const session = await get("/v1/session");
    await speak(preferredLanguage(session.staff.language));
    await show();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showSignIn(error.status === 401 ? null : error);
  }
}

acts.expired = () => showSignIn(null);
await speak(preferredLanguage());
await start();
