/** The words of this page in the reader's language. */

import { loadWords } from "../shared/words.js";

const REMEMBERED = "desk.language";
const LANGUAGES = ["en", "es"];

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Say */

/** @type {Say} */
let words = (key) => key;
let current = "en";

/** @param {string} key @param {Record<string, string | number>} [values] */
export function say(key, values) {
  return words(key, values);
}

/** Words for a name from the wire; one that this page does not know yet is shown as it is. @param {string} family @param {string} name */
export function sayName(family, name) {
  const key = `${family}.${name}`;
  const said = words(key);
  return said === key ? name.replaceAll("_", " ") : said;
}

/** The language that the page speaks now. */
export function language() {
  return current;
}

/** What this browser was set to, else what staff's record says, else what the browser prefers. @param {string | null} [ofStaff] */
export function preferredLanguage(ofStaff) {
  const wishes = [localStorage.getItem(REMEMBERED), ofStaff, ...navigator.languages].map((wish) => wish?.slice(0, 2));
  return wishes.find((wish) => wish && LANGUAGES.includes(wish)) ?? "en";
}

/** @param {string} wish @param {{remember?: boolean}} [how] */
export async function speak(wish, { remember = false } = {}) {
  words = await loadWords(wish, "desk");
  current = wish;
  if (remember) localStorage.setItem(REMEMBERED, wish);
  document.documentElement.lang = wish;
}

/** The name of a language, in the reader's language. @param {string} code */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([current], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
