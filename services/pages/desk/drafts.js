/** What was typed and not yet sent: it outlives another row, another language and an ended session. */

/** @type {Map<string, string>} */
const drafts = new Map();

/** Keeps what is typed into a field under a name, and brings back what was there. @param {HTMLTextAreaElement} field @param {string} name */
export function keepDraft(field, name) {
  field.value = drafts.get(name) ?? "";
  field.addEventListener("input", () => drafts.set(name, field.value));
}

/** What was kept under a name, or an empty text. @param {string} name */
export function draftOf(name) {
  return drafts.get(name) ?? "";
}

/** Keeps a text that no single field holds. @param {string} name @param {string} text */
export function setDraft(name, text) {
  drafts.set(name, text);
}

/** Whether something would be lost with this page. */
export function hasDrafts() {
  return [...drafts.values()].some((text) => text !== "");
}

/** It has been sent. @param {string} name */
export function forgetDraft(name) {
  drafts.delete(name);
}

/** Somebody else sits down: nothing of the former reader's may stay. */
export function forgetDrafts() {
  drafts.clear();
}
