/** The demo's landing page: which pages there are. */

import { Problem, get } from "../desk/api.js";
import { element, fill } from "../shared/element.js";
import { makeLanguages } from "../desk/header.js";
import { preferredLanguage, say, speak } from "../desk/wording.js";

/** @typedef {{kind: "desk" | "phone" | "outbox", url: string, name?: string | null}} Link */

const KINDS = ["phone", "desk", "outbox"];

/** @param {Link} link */
function card(link) {
  const name =
    link.kind === "phone" && link.name ? say("start.phone_of", { name: link.name }) : say(`start.${link.kind}`);
  return element(
    "li",
    {},
    element(
      "a",
      { class: "card door", href: link.url, target: "_blank", rel: "noreferrer", "data-testid": `start-${link.kind}` },
      element("strong", {}, name),
      element("span", { class: "muted" }, say(`start.${link.kind}_text`)),
    ),
  );
}

/** @param {Link[]} links @param {string} language @param {boolean} [remember] */
async function show(links, language, remember = false) {
  await speak(language, { remember });
  document.title = say("start.title");
  const known = links
    .filter((link) => KINDS.includes(link.kind))
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  fill(
    document.body,
    element(
      "main",
      { class: "start" },
      element(
        "div",
        { class: "start-top" },
        element("h1", {}, say("start.title")),
        makeLanguages((wish) => void show(links, wish, true)),
      ),
      element("p", { class: "muted" }, say(known.length > 0 ? "start.lead" : "start.none")),
      element("ul", { class: "doors" }, ...known.map(card)),
      known.length > 0 && element("p", { class: "muted start-once" }, say("start.once")),
    ),
  );
}

async function find() {
  try {
    return (await get("/v1/demo")).links;
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

await show(await find(), preferredLanguage());
