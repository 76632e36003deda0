/** Dates, and which day of the week they are. */

const DAY = 86_400_000;

/** 0 is Monday; NaN where this is no date. @param {string} date "2026-11-24" */
export function dayOf(date) {
  return (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7;
}

/** The first such day from this date on. @param {string} date @param {number} day */
export function onDay(date, day) {
  return plusDays(date, (day - dayOf(date) + 7) % 7);
}

/** @param {string} date @param {number} days */
function plusDays(date, days) {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** Today by this computer's clock. */
export function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
