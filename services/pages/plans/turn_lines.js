/** A team's turns in words: who is on, who is next, when nobody is. */

import { clockTime } from "../desk/clock.js";
import { language, say } from "../desk/wording.js";
import { element } from "../shared/element.js";

/** @typedef {import("./team.js").Team} Team */

/** @param {import("./team.js").Member[]} staff */
export function names(staff) {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(staff.map((member) => member.name));
}

/** @param {string} instant */
export function dated(instant) {
  const day = new Intl.DateTimeFormat(language(), { weekday: "short" }).format(new Date(instant));
  return `${day} ${clockTime(instant)}`;
}

/** @param {{since: string, until: string}} span */
export function spanWords({ since, until }) {
  return `${dated(since)} – ${dated(until)}`;
}

/** @param {Team} team */
export function turnLines(team) {
  const on = team.on_call.staff;
  const [gap] = team.gaps;
  return [
    element(
      "p",
      { class: on.length > 0 ? "plans-on" : "plans-on plans-nobody", "data-testid": "on-call" },
      on.length > 0 ? names(on) : say("plans.nobody"),
      team.on_call.until &&
        element("span", { class: "muted" }, ` ${say("plans.until", { time: dated(team.on_call.until) })}`),
    ),
    team.next &&
      element(
        "p",
        { class: "muted", "data-testid": "next" },
        say("plans.next", { names: names(team.next.staff) || say("plans.nobody"), time: dated(team.next.since) }),
      ),
    gap &&
      element(
        "p",
        { class: "plans-warn", "data-testid": "gaps" },
        say("plans.gaps", { count: team.gaps.length, from: dated(gap.since), to: dated(gap.until) }),
      ),
  ];
}

/** @param {Team} team */
export function turnList(team) {
  return element(
    "details",
    {},
    element("summary", {}, say("plans.turns")),
    element(
      "ol",
      { class: "plans-turns" },
      ...team.turns.map((turn) =>
        element(
          "li",
          { class: turn.staff.length > 0 ? null : "plans-nobody" },
          element("time", { datetime: turn.since }, spanWords(turn)),
          " ",
          names(turn.staff) || say("plans.nobody"),
        ),
      ),
    ),
  );
}
