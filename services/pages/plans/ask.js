/** A dialog with fields, a button that does it and one that goes back; what goes wrong is told where it belongs. */

import { actBy } from "../desk/act.js";
import { openDialog } from "../desk/dialogs.js";
import { say } from "../desk/wording.js";
import { element } from "../shared/element.js";

/**
 * `request`: null where something is missing, which is told by then. `take`: tells a refusal at its field.
 * @typedef {object} Asked
 * @property {string} name
 * @property {string} title
 * @property {string} confirm
 * @property {import("../shared/element.js").Child[]} parts
 * @property {boolean} [danger]
 * @property {() => {method: import("../desk/api.js").Method, path: string, body?: object | string} | null} request
 * @property {(problem: import("../desk/api.js").Problem) => boolean} [take]
 * @property {(answer: any) => void} done
 */

/** @param {Asked} asked */
export function ask({ name, title, confirm, parts, danger = false, request, take, done }) {
  const complaint = element("p", { class: "problem", role: "alert", "data-testid": "dialog-problem" });
  const button = element(
    "button",
    { type: "submit", class: danger ? "danger solid" : "primary", "data-testid": `${name}-confirm` },
    confirm,
  );
  // Mistakes are told in the reader's language, not by the browser.
  const form = element(
    "form",
    { class: "plans-ask", novalidate: true },
    ...parts,
    complaint,
    element(
      "div",
      { class: "ask-end" },
      button,
      element("button", { type: "button", "data-testid": "dialog-back", onclick: () => dialog.close() }, say("ask.back")),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wish = request();
    if (!wish) return;
    const answer = await actBy(wish.method, button, complaint, wish.path, wish.body, take);
    if (answer === null) return;
    done(answer);
    dialog.close();
  });
  const dialog = openDialog(name, title, form);
  return dialog;
}
