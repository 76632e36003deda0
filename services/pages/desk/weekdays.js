/** Days of the week, by the names of the wire and in the reader's language; and hours on them. */

import { language, say } from "./wording.js";

/** @typedef {{days: string[], start: string, end: string}} Hours */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const A_MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

/** @param {number} day 0 is Monday @param {"short" | "long"} [weekday] */
export function dayName(day, weekday = "long") {
  return new Intl.DateTimeFormat(language(), { weekday, timeZone: "UTC" }).format(A_MONDAY + day * DAY);
}

/** "Mon, Tue 09:00–17:00; Sat 10:00–12:00", on the clock of the person at risk. @param {Hours[]} hours */
export function hoursWords(hours) {
  return hours
    .map(({ days, start, end }) => {
      const span = `${start}–${end}`;
      if (days.length === DAYS.length) return say("hours.every_day", { span });
      return `${days.map((day) => dayName(DAYS.indexOf(day), "short")).join(", ")} ${span}`;
    })
    .join("; ");
}
