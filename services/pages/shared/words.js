/**
 * The words of a page, from the catalogue that the service gives out part by part, in the reader's language.
 *
 * @typedef {Record<string, string | number>} Values
 * @typedef {string | Record<string, string>} Entry
 */

const FALLBACK = "en";

/**
 * Says the words for a key. A key that the catalogue does not know is said as it is, so that a caller can notice.
 * @callback Say
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */

/**
 * The words of one part (`phone`, `desk`, `contact`) in one language, or in English where that language is not kept.
 * Rejects only when neither can be had, not even from the browser's own store.
 * @param {string} language
 * @param {string} part
 * @returns {Promise<Say & {language: string}>}
 */
export async function loadWords(language, part) {
  try {
    return speaker(language, await fetchPart(language, part));
  } catch (error) {
    if (language === FALLBACK) throw error;
    return speaker(FALLBACK, await fetchPart(FALLBACK, part));
  }
}

/** @param {string} language @param {string} part @returns {Promise<Record<string, Entry>>} */
async function fetchPart(language, part) {
  const path = `/v1/wording/${encodeURIComponent(language)}/${encodeURIComponent(part)}`;
  /** @param {RequestCache} cache */
  const take = async (cache) => {
    const answer = await fetch(path, { cache, credentials: "omit", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`no ${part} words in ${language}: ${answer.status}`);
    return answer.json();
  };
  try {
    return await take("no-cache");
  } catch {
    // Without a network yesterday's words are better than none.
    return take("force-cache");
  }
}

/** @param {string} language @param {Record<string, Entry>} entries @returns {Say & {language: string}} */
function speaker(language, entries) {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  /** @param {string} key @param {Values} [values] */
  const say = (key, values = {}) => {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    if (entry === undefined) return key;
    const text = typeof entry === "string" ? entry : (entry[plural.select(Number(values.count))] ?? entry.other ?? key);
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) return whole;
      return typeof value === "number" ? number.format(value) : value;
    });
  };
  return Object.assign(say, { language });
}

/**
 * Puts words into a part of the page: `data-say` names the key of an element's text, `data-say-label` that of its
 * accessible name, `data-say-hint` that of its placeholder.
 * @param {ParentNode} root
 * @param {Say} say
 */
export function dress(root, say) {
  for (const node of root.querySelectorAll("[data-say]")) {
    if (node instanceof HTMLElement && node.dataset.say) node.textContent = say(node.dataset.say);
  }
  for (const node of root.querySelectorAll("[data-say-label]")) {
    if (node instanceof HTMLElement && node.dataset.sayLabel) {
      node.setAttribute("aria-label", say(node.dataset.sayLabel));
    }
  }
  for (const node of root.querySelectorAll("[data-say-hint]")) {
    if (node instanceof HTMLElement && node.dataset.sayHint) {
      node.setAttribute("placeholder", say(node.dataset.sayHint));
    }
  }
}

/**
 * The first of the wishes that is a language tag, cut down to its language.
 * @param {...(string | null | undefined)} wishes
 */
export function firstLanguage(...wishes) {
  for (const wish of wishes) {
    const language = wish?.split("-")[0]?.toLowerCase();
    if (language && /^[a-z]{2,3}$/.test(language)) return language;
  }
  return FALLBACK;
}

/**
 * The time of day; with the day when that is not today.
 * @param {string | number | Date} instant
 * @param {string} language
 * @param {{seconds?: boolean, now?: number}} [how]
 */
export function timeOfDay(instant, language, { seconds = false, now = Date.now() } = {}) {
  const moment = new Date(instant);
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { hour: "numeric", minute: "2-digit" };
  if (seconds) format.second = "2-digit";
  if (moment.toDateString() !== new Date(now).toDateString()) {
    Object.assign(format, { weekday: "short", day: "numeric", month: "short" });
  }
  return new Intl.DateTimeFormat(language, format).format(moment);
}

/** "Tuesday, 24 November". @param {string | number | Date} instant @param {string} language */
export function dayOfYear(instant, language) {
  const said = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(
    new Date(instant),
  );
  return said.charAt(0).toLocaleUpperCase(language) + said.slice(1);
}

/** "0:08", "12:40", "1:05:00". Rounded up, so that it reads 0:01 while anything is left. @param {number} milliseconds */
export function clockLeft(milliseconds) {
  const all = Math.max(0, Math.ceil(milliseconds / 1000));
  const seconds = String(all % 60).padStart(2, "0");
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** "5 minutes ago", "2 hours ago". @param {number} milliseconds @param {string} language */
export function ago(milliseconds, language) {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  return relative.format(-Math.floor(seconds / 3600), "hour");
}
