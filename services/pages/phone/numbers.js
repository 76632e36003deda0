/** The agency's own numbers, offered as soon as the page cannot promise that somebody was reached. */

import { helplines } from "./person.js";
import { part, write } from "./page.js";
import { say } from "./wording.js";

const UNSTORED = 5_000;

/** @type {"unstored" | "nobody_reached" | "waiting" | null} */
let shown = null;

/** @param {"unstored" | "nobody_reached" | "waiting" | null} kind @param {import("./person.js").Helpline[]} [numbers] */
export function showNumbers(kind, numbers = helplines()) {
  part("numbers").hidden = kind === null;
  if (kind === null) {
    shown = null;
    return;
  }
  if (kind === shown) return;
  shown = kind;
  write(part("numbers-text"), say(`numbers.${kind}`));
  part("numbers-list").replaceChildren(...numbers.flatMap(links));
}

export const numbersShown = () => shown;

/** @param {import("./person.js").Helpline} line */
function links(line) {
  /** @param {string} scheme @param {string} number @param {string} key */
  const link = (scheme, number, key) => {
    const row = document.createElement("li");
    const anchor = document.createElement("a");
    anchor.className = "button wide";
    anchor.href = `${scheme}:${number.replace(/[^+\d*#]/g, "")}`;
    anchor.textContent = say(key, { label: line.label, number });
    row.append(anchor);
    return row;
  };
  return [
    ...(line.call ? [link("tel", line.call, "numbers.call")] : []),
    ...(line.text ? [link("sms", line.text, "numbers.text")] : []),
  ];
}

/** @param {import("./press.js").PressQueue} queue */
export function offerNumbers(queue) {
  queue.addEventListener("pressed", () => {
    setTimeout(() => {
      if (queue.waiting.size > 0) showNumbers("unstored");
    }, UNSTORED);
  });
  queue.addEventListener("stored", () => {
    if (queue.waiting.size === 0 && shown === "unstored") showNumbers(null);
  });
  setTimeout(() => {
    if (queue.waiting.size > 0) showNumbers("unstored");
  }, UNSTORED);
}
