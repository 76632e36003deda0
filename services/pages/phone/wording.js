/** The words of this page, in the person's language as far as the phone knows it. */

import { dress, firstLanguage, loadWords } from "../shared/words.js";

/** @type {import("../shared/words.js").Say} */
let words = () => "";
let current = "en";
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {string} key @param {import("../shared/words.js").Values} [values] */
export function say(key, values) {
  return words(key, values);
}

/** How long, in words. @param {number} minutes */
export function spanWords(minutes) {
  return minutes % 60 === 0 ? say("span.hours", { count: minutes / 60 }) : say("span.minutes", { count: minutes });
}

/** The language that the page speaks now. */
export function language() {
  return current;
}

/** Speaks another language from now on. @param {string | null | undefined} wish */
export async function speak(wish) {
  const spoken = await loadWords(firstLanguage(wish, ...navigator.languages), "phone");
  words = spoken;
  current = spoken.language;
  document.documentElement.lang = current;
  document.title = say("page.title");
  dress(document, say);
  for (const template of document.querySelectorAll("template")) dress(template.content, say);
  for (const listener of listeners) listener();
}

/** Calls back whenever the words have changed. @param {() => void} listener */
export function onWords(listener) {
  listeners.add(listener);
}
