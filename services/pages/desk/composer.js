/** Writing: to the person's phone, and to the timeline. What was typed is kept until it has been taken. */

import { act } from "./act.js";
import { forgetDraft, keepDraft } from "./drafts.js";
import { element, fill, write } from "../shared/element.js";
import { say } from "./wording.js";

/** @typedef {{path: string, changed: (answer: any) => void}} Target */

/** @param {string} id @param {(answer: any) => void} changed */
export function makeComposer(id, changed) {
  const base = `/v1/incidents/${id}`;
  const message = makeField("message", id, { path: `${base}/messages`, changed });
  const note = makeField("note", id, { path: `${base}/note`, changed });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-write" },
    element("h3", { id: "part-write", class: "part-title" }, say("part.write")),
    message.node,
    note.node,
  );
  return {
    node,
    message: message.field,
    note: note.field,
    /** @param {boolean} live */
    update(live) {
      node.hidden = !live;
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
