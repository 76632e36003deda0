/** The acts that cannot be taken back ask first, and the list of keys. */

import { act } from "./act.js";
import { forgetDraft, keepDraft } from "./drafts.js";
import { element, fill } from "../shared/element.js";
import { DISPOSITIONS } from "./model.js";
import { recipientWords } from "./phrases.js";
import { say, sayName } from "./wording.js";

/**
 * A dialog that takes itself away when it is closed and gives the focus back.
 * @param {string} name
 * @param {string} title
 * @param {...import("../shared/element.js").Child} children
 */
export function openDialog(name, title, ...children) {
  const before = document.activeElement;
  const dialog = element(
    "dialog",
    { "aria-labelledby": `${name}-title`, "data-testid": `${name}-dialog`, class: "ask" },
    element("h2", { id: `${name}-title` }, title),
    ...children,
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @param {() => HTMLDialogElement} dialog */
function backButton(dialog) {
  return element(
    "button",
    { type: "button", "data-testid": "dialog-back", onclick: () => dialog().close() },
    say("ask.back"),
  );
}

function complaintLine() {
  return element("p", { class: "problem", role: "alert", "data-testid": "dialog-problem" });
}

/**
 * Closing: nothing is chosen beforehand, and no key alone closes it.
 * @param {string} base
 * @param {boolean} drill
 * @param {(answer: any) => void} changed
 */
export function askResolve(base, drill, changed) {
  const choices = DISPOSITIONS.filter((disposition) => drill || disposition !== "drill");
  const complaint = complaintLine();
  const text = element("textarea", { id: "resolve-text", rows: 2, maxlength: 2000, "data-testid": "resolve-text" });
  keepDraft(text, `${base} resolve`);
  const radios = choices.map((value) =>
    element("input", {
      type: "radio",
      name: "disposition",
      value,
      "data-testid": `disposition-${value}`,
      onchange: () => fill(complaint),
    }),
  );
  const confirm = element(
    "button",
    { type: "button", class: "danger solid", "data-testid": "resolve-confirm", onclick: () => resolve() },
    say("ask.resolve_confirm"),
  );
  const dialog = openDialog(
    "resolve",
    say("ask.resolve"),
    element("p", { class: "muted" }, say("ask.resolve_hint")),
    element(
      "fieldset",
      { class: "choices", "data-testid": "disposition", "aria-describedby": "resolve-problem" },
      element("legend", {}, say("ask.disposition")),
      ...radios.map((radio) => element("label", { class: "choice" }, radio, sayName("disposition", radio.value))),
    ),
    element("label", { for: "resolve-text" }, say("ask.resolve_text")),
    text,
    complaint,
    element(
      "div",
      { class: "ask-end" },
      confirm,
      backButton(() => dialog),
    ),
  );
  complaint.id = "resolve-problem";

  async function resolve() {
    const disposition = radios.find((radio) => radio.checked)?.value;
    if (!disposition) {
      fill(complaint, say("ask.choose"));
      radios[0]?.focus();
      return;
    }
    const said = text.value.trim();
    const answer = await act(
      confirm,
      complaint,
      `${base}/resolve`,
      said ? { disposition, text: said } : { disposition },
    );
    if (!answer) return;
    forgetDraft(`${base} resolve`);
    dialog.close();
    changed(answer);
  }
}

/**
 * Asks once more before it does what cannot be taken back.
 * @param {"escalate" | "plan"} what
 * @param {string} path
 * @param {(answer: any) => void} changed
 * @param {import("../shared/element.js").Child[]} [more] what is asked besides
 * @param {() => object} [body]
 */
function askSure(what, path, changed, more = [], body = () => ({})) {
  const complaint = complaintLine();
  const confirm = element(
    "button",
    { type: "button", class: "primary", "data-testid": `${what}-confirm`, onclick: () => go() },
    say(`ask.${what}_confirm`),
  );
  const dialog = openDialog(
    what,
    say(`ask.${what}`),
    element("p", {}, say(`ask.${what}_hint`)),
    ...more,
    complaint,
    element(
      "div",
      { class: "ask-end" },
      confirm,
      backButton(() => dialog),
    ),
  );

  async function go() {
    const answer = await act(confirm, complaint, path, body());
    if (!answer) return;
    dialog.close();
    changed(answer);
  }
}

/**
 * The next step, unless another one is chosen.
 * @param {string} base
 * @param {import("./model.js").Step[]} steps
 * @param {(answer: any) => void} changed
 */
export function askEscalate(base, steps, changed) {
  const select = element(
    "select",
    { id: "escalate-step", "data-testid": "escalate-step" },
    element("option", { value: "" }, say("ask.escalate_next")),
    ...steps.map((step, index) =>
      element(
        "option",
        { value: index + 1 },
        say(step.told ? "ask.escalate_told" : "ask.escalate_step", {
          step: index + 1,
          names: step.notify.map((recipient) => recipientWords({ name: namedBy(recipient), recipient })).join(", "),
        }),
      ),
    ),
  );
  const label = element("label", { for: "escalate-step" }, say("ask.escalate_which"));
  askSure("escalate", `${base}/escalate`, changed, [label, select], () =>
    select.value ? { step: Number(select.value) } : {},
  );
}

/** Of several contacts, teams and webhooks: which. @param {string} recipient */
function namedBy(recipient) {
  const [kind, which] = recipient.split(":");
  return which ? `${sayName("recipient", kind ?? "")} ${which}` : null;
}

/** @param {string} base @param {(answer: any) => void} changed */
export function askPlan(base, changed) {
  askSure("plan", `${base}/policy`, changed);
}

/** @type {[string[], string][]} */
const KEYS = [
  [["j", "↓"], "keys.next"],
  [["k", "↑"], "keys.previous"],
  [["Enter"], "keys.open"],
  [["Esc"], "keys.back"],
  [["c"], "keys.claim"],
  [["a"], "keys.acknowledge"],
  [["m"], "keys.message"],
  [["n"], "keys.note"],
  [["r"], "keys.resolve"],
  [["Ctrl", "Enter"], "keys.send"],
  [["?"], "keys.help"],
];

/** @param {boolean} on whether single keys act @param {(on: boolean) => void} turn */
export function showKeys(on, turn) {
  const toggle = element("input", { type: "checkbox", id: "keys-on", "data-testid": "keys-on" });
  toggle.checked = on;
  toggle.addEventListener("change", () => turn(toggle.checked));
  const dialog = openDialog(
    "keys",
    say("keys.title"),
    element(
      "dl",
      { class: "keys" },
      ...KEYS.flatMap(([keys, words]) => [
        element("dt", {}, ...keys.map((key) => element("kbd", {}, key))),
        element("dd", {}, say(words)),
      ]),
    ),
    element("label", { class: "choice", for: "keys-on" }, toggle, say("keys.on")),
    element(
      "div",
      { class: "ask-end" },
      backButton(() => dialog),
    ),
  );
}
