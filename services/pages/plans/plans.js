/** Plans and turns: who is on call, what is open in whose plan, whom they trust, and who would be told when. */

import { session as acts } from "../desk/act.js";
import { Problem, get } from "../desk/api.js";
import { forgetDrafts, hasDrafts } from "../desk/drafts.js";
import { makeLanguages } from "../desk/header.js";
import { makeSignIn } from "../desk/sign_in.js";
import { preferredLanguage, say, speak } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { Contacts } from "./contacts.js";
import { OpenPlans } from "./open_plans.js";
import { PlanEditor } from "./plan_editor.js";
import { Teams } from "./teams.js";
import { Trial } from "./trial.js";

/** @typedef {import("../desk/model.js").Session} Session */

/** Who sets up teams and plans; whoever is on duty sees them and takes turns. */
const SET_UP = ["admin", "advocate"];
/** @type {Session | null} */
let session = null;

/** @param {Problem | null} problem */
function showSignIn(problem) {
  document.title = say("plans.title");
  const node = makeSignIn({ ended: false, problem, tools: makeLanguages(changeLanguage), done: (found) => void welcome(found) });
  fill(document.body, node);
  node.querySelector("input")?.focus();
}

async function show() {
  document.title = say("plans.title");
  const mayEdit = session?.staff.roles.some((role) => SET_UP.includes(role)) ?? false;
  const trial = new Trial();
  const open = new OpenPlans((person) => void trial.choose(person));
  const editor = mayEdit ? new PlanEditor((draft, person) => trial.tryText(draft, person), () => void trial.again()) : null;
  const contacts = mayEdit ? new Contacts(() => void trial.again()) : null;
  const teams = new Teams(mayEdit, () => void Promise.all([trial.again(), editor?.again()]));
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
    element("main", { class: "plans" }, teams.node, open.node, contacts?.node, editor?.node, trial.node),
  );
  await Promise.all([teams.read(), open.read(), trial.read(), contacts?.read(), editor?.read()]);
}

/** @param {Session} found */
async function welcome(found) {
  if (session && session.staff.id !== found.staff.id) forgetDrafts();
  session = found;
  await show();
}

/** @param {string} wish */
async function changeLanguage(wish) {
  await speak(wish, { remember: true });
  await start();
}

async function start() {
  try {
    /** @type {Session} */
    const found = await get("/v1/session");
    await speak(preferredLanguage(found.staff.language));
    await welcome(found);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showSignIn(error.status === 401 ? null : error);
  }
}

// What was typed and not saved would be gone with the page.
addEventListener("beforeunload", (event) => {
  if (hasDrafts()) event.preventDefault();
});
acts.expired = () => showSignIn(null);
await speak(preferredLanguage());
await start();
