/** Writing: to the person's phone, and to the timeline. What was typed is kept until it has been taken. */

import { act } from "./act.js";
import { forgetDraft, keepDraft } from "./drafts.js";
import { element, fill, write } from "../shared/element.js";
import { say, sayName } from "./wording.js";

const CARDS = [
  "somebody_with_you",
  "other_person_gone",
  "hurt",
  "children_with_you",
  "can_leave",
  "may_ring",
  "may_come",
  "at_home",
];

/** @typedef {{path: string, changed: (answer: any) => void}} Target */

/** @param {string} id @param {(answer: any) => void} changed */
export function makeComposer(id, changed) {
  const base = `/v1/incidents/${id}`;
  const message = makeField("message", id, { path: `${base}/messages`, changed });
  const cards = makeCards(base, changed);
  const note = makeField("note", id, { path: `${base}/note`, changed });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-write" },
    element("h3", { id: "part-write", class: "part-title" }, say("part.write")),
    message.node,
    cards.node,
    note.node,
  );
  return {
    node,
    message: message.field,
    note: note.field,
    /** @param {boolean} live @param {import("./model.js").Summary["card"]} card what lies on her phone */
    update(live, card) {
      node.hidden = !live;
      cards.update(card ?? null);
    },
  };
}

/** Question cards: one touch here, one touch there. @param {string} base @param {(answer: any) => void} changed */
function makeCards(base, changed) {
  const complaint = element("p", { class: "problem", role: "alert", "data-testid": "card-problem" });
  const lies = element("p", { class: "hint", role: "status", "data-testid": "card-state" });
  const buttons = CARDS.map((card) => {
    const button = element(
      "button",
      { type: "button", class: "small", "data-testid": `ask-${card}`, onclick: () => void ask() },
      sayName("card", card),
    );
    async function ask() {
      const answer = await act(button, complaint, `${base}/cards`, { card });
      if (answer) changed(answer);
    }
    return button;
  });
  const node = element(
    "div",
    { class: "field", role: "group", "aria-labelledby": "cards-title" },
    element("p", { id: "cards-title", class: "label" }, say("cards.title")),
    element("p", { class: "hint muted" }, say("cards.hint")),
    element("div", { class: "cards" }, ...buttons),
    lies,
    complaint,
  );
  return {
    node,
    /** @param {NonNullable<import("./model.js").Summary["card"]> | null} asked */
    update(asked) {
      const card = asked ? sayName("card", asked.card) : "";
      const said = asked?.answer
        ? say("cards.answered", { card, answer: sayName("card.answer", asked.answer) })
        : say("cards.lies", { card });
      write(lies, asked ? said : "");
    },
  };
}

/** @param {"message" | "note"} kind @param {string} incident @param {Target} target */
function makeField(kind, incident, target) {
  const draft = `${incident} ${kind}`;
  const field = element("textarea", {
    id: `${kind}-text`,
    rows: 2,
    maxlength: 2000,
    "data-testid": `${kind}-text`,
    "aria-describedby": `${kind}-hint`,
    "aria-keyshortcuts": kind === "message" ? "m" : "n",
  });
  keepDraft(field, draft);
  const complaint = element("p", { class: "problem", role: "alert", "data-testid": `${kind}-problem` });
  const done = element("span", { class: "done", role: "status" });
  const button = element(
    "button",
    { type: "button", "data-testid": `${kind}-send`, onclick: () => send() },
    say(`write.${kind}_send`),
  );

  async function send() {
    const text = field.value.trim();
    write(done, "");
    if (!text) {
      fill(complaint, say("write.empty"));
      field.focus();
      return;
    }
    const answer = await act(button, complaint, target.path, { text });
    if (!answer) return;
    forgetDraft(draft);
    field.value = "";
    write(done, say(`write.${kind}_done`));
    target.changed(answer);
  }

  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void send();
    }
  });
  const node = element(
    "div",
    { class: "field" },
    element("label", { for: `${kind}-text` }, say(`write.${kind}`)),
    element("p", { id: `${kind}-hint`, class: "hint muted" }, say(`write.${kind}_hint`)),
    field,
    complaint,
    element("div", { class: "field-end" }, button, done),
  );
  return { node, field };
}
