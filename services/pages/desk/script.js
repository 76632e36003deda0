/** What to read aloud to the emergency centre: the numbers first, then one sentence after the other. */

import { Problem, get } from "./api.js";
import { openDialog } from "./dialogs.js";
import { element, fill } from "../shared/element.js";
import { language, say } from "./wording.js";

/** @typedef {{numbers: {label: string, call?: string | null, text?: string | null}[], lines: string[]}} Script */

/** The button that opens it. @param {string} incident */
export function scriptButton(incident) {
  return element(
    "button",
    { type: "button", class: "small", "data-testid": "script", onclick: () => void show(incident) },
    say("script.open"),
  );
}

/** @param {string} incident */
async function show(incident) {
  const body = element("div", { class: "script", role: "status" }, say("script.wait"));
  /** @type {HTMLDialogElement} */
  const dialog = openDialog(
    "script",
    say("script.title"),
    body,
    element("button", { type: "button", onclick: () => dialog.close() }, say("ask.back")),
  );
  try {
    /** @type {Script} */
    const script = await get(`/v1/incidents/${incident}/script?language=${language()}`);
    fill(
      body,
      element("ul", { class: "script-numbers" }, ...script.numbers.map(number)),
      element("ol", { class: "script-lines" }, ...script.lines.map((line) => element("li", {}, line))),
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    fill(body, element("p", { class: "problem" }, error.words));
  }
}

/** @param {Script["numbers"][number]} number */
function number({ label, call, text }) {
  const ways = [call && say("place.voice", { number: call }), text && say("place.text", { number: text })];
  return element("li", {}, element("strong", {}, ways.filter(Boolean).join(" · ")), element("span", { class: "muted" }, label));
}
