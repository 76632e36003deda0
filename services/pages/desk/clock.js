/** Time as the service has it, said in words, and the texts that tick. */

import { element, write } from "../shared/element.js";
import { language, say } from "./wording.js";

let ahead = 0;

/** The service's clock rules: this machine's may be wrong by minutes. @param {string} instant */
export function setClock(instant) {
  const told = Date.parse(instant);
  if (Number.isFinite(told)) ahead = told - Date.now();
}

/** The service's time now, in milliseconds. */
export function now() {
  return Date.now() + ahead;
}

/** "0:42", "12:05", "1 h 04 min", "3 d 4 h". @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  if (hours < 48) return say("clock.hours", { hours, minutes: String(minutes % 60).padStart(2, "0") });
  return say("clock.days", { days: Math.floor(hours / 24), hours: hours % 24 });
}

/** The time of day, with the date when it is not today's. @param {string} instant @param {{seconds?: boolean}} [how] */
export function clockTime(instant, { seconds = false } = {}) {
  const moment = new Date(instant);
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (seconds) format.second = "2-digit";
  if (moment.toDateString() !== new Date(now()).toDateString()) {
    format.day = "numeric";
    format.month = "short";
  }
  return new Intl.DateTimeFormat(language(), format).format(moment);
}

/**
 * `late`: the milliseconds after which a text that counts up, or before the end one that counts down, is marked.
 * @typedef {{words?: string, over?: string, values?: Record<string, string | number>, class?: string, late?: number}} Ticking
 */

/**
 * A text that counts up from an instant. `words` is a key of the catalogue that takes {time}.
 * @param {string} instant
 * @param {Ticking} [how]
 */
export function since(instant, how = {}) {
  return ticking("since", instant, how);
}

/**
 * A text that counts down to an instant; then it says `over`.
 * @param {string} instant
 * @param {Ticking} [how]
 */
export function until(instant, how = {}) {
  return ticking("until", instant, how);
}

/** @param {"since" | "until"} way @param {string} instant @param {Ticking} how */
function ticking(way, instant, how) {
  const node = element("time", {
    class: how.class,
    datetime: instant,
    "data-tick": way,
    "data-words": how.words,
    "data-over": how.over,
    "data-values": how.values ? JSON.stringify(how.values) : null,
    "data-late": how.late,
    title: clockTime(instant, { seconds: true }),
  });
  tick(node);
  return node;
}

/** @param {HTMLTimeElement} node */
function tick(node) {
  const { tick: way, words, over, values, late } = node.dataset;
  const moment = Date.parse(node.dateTime);
  const left = way === "until" ? moment - now() : now() - moment;
  if (late) node.classList.toggle("late", way === "until" ? left < Number(late) : left > Number(late));
  if (way === "until" && left <= 0 && over) {
    write(node, say(over));
    return;
  }
  // A countdown is rounded up, so that it reads 0:01 while something is left.
  const time = duration(way === "until" ? left + 999 : left);
  write(node, words ? say(words, { ...(values ? JSON.parse(values) : {}), time }) : time);
}

/** Lets everything that ticks tick, and calls `each` as often. @param {() => void} each */
export function startTicking(each) {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-tick]")) {
      if (node instanceof HTMLTimeElement) tick(node);
    }
    each();
  }, 500);
}
