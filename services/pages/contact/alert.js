/** The incident as a contact may see it, and what they can answer. */

import { serviceNow } from "../shared/client.js";
import { element } from "../shared/element.js";
import { ago, timeOfDay } from "../shared/words.js";

/**
 * @typedef {{language: string, time_zone: string, person: string, trigger: string, opened_at: string,
 *   state: "open" | "closed", drill: boolean, contact_rule: string | null, call_back: string | null,
 *   emergency: {label: string, call?: string | null, text?: string | null}[], answer: string | null, to_ring?: boolean,
 *   others: number,
 *   job?: string | null, jobs_taken?: string[], arrival_word?: string | null,
 *   staff: boolean, sees: "message" | "place" | "live", place?: {label: string, distance_m: number, bearing: string} | null,
 *   journey?: {label: string | null, destination: {latitude: number, longitude: number}},
 *   location?: {latitude: number, longitude: number, accuracy?: number | null, at: string}}} Alert
 */

const ANSWERS = ["on_my_way", "can_help", "cannot", "call_me"];

/**
 * @param {Alert} alert
 * @param {import("../shared/words.js").Say & {language: string}} say
 * @param {(act: string, body: object) => Promise<void>} answer
 */
export function drawAlert(alert, say, answer) {
  const name = alert.person;
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  /** @param {string} value */
  const act = (value) => async () => {
    problem.hidden = true;
    try {
      await answer("answer", { answer: value });
    } catch {
      problem.textContent = say("problem.not_sent");
      problem.hidden = false;
    }
  };
  const open = alert.state === "open";
  return [
    alert.drill && element("p", { class: "rule", "data-testid": "drill" }, say("alert.drill")),
    element("h1", { "data-testid": "alert-title" }, say(open ? `alert.${alert.trigger}` : "alert.closed", { name })),
    element(
      "dl",
      { class: "facts card" },
      ...fact(say("alert.when"), timeOfDay(alert.opened_at, say.language)),
      ...(open ? fact(say("alert.where"), where(alert, say)) : []),
      ...(open && alert.journey ? fact(say("alert.journey"), whereTo(alert.journey)) : []),
      ...(open ? fact(say("alert.who"), who(alert, say)) : []),
      ...(open && alert.job ? fact(say("alert.job"), say(`job.${alert.job}`)) : []),
      ...(open && alert.jobs_taken?.length
        ? fact(say("alert.taken"), alert.jobs_taken.map((job) => say(`job.${job}`)).join(", "))
        : []),
    ),
    open && element("p", { class: "rule" }, say(`rule.${alert.contact_rule ?? "default"}`, { name })),
    problem,
    open &&
      element(
        "div",
        { class: "answers", role: "group", "aria-label": say("alert.answer") },
        ...ANSWERS.map((value) =>
          element(
            "button",
            {
              type: "button",
              class: value === "on_my_way" && alert.answer === null ? "primary" : "",
              "aria-pressed": (value === "call_me" ? alert.to_ring : alert.answer === value) ? "true" : "false",
              "data-testid": `answer-${value}`,
              "data-key": value,
              onclick: act(value),
            },
            say(`answer.${value}`),
          ),
        ),
      ),
    element(
      "p",
      { role: "status", "data-testid": "answered" },
      alert.answer && open ? say(`answered.${alert.to_ring ? "call_me" : alert.answer}`) : "",
    ),
    open && alert.arrival_word
      ? element("p", { class: "rule", "data-testid": "arrival-word" }, say("alert.arrival_word", { word: alert.arrival_word }))
      : null,
    alert.call_back &&
      element("a", { class: "button", href: `tel:${dialled(alert.call_back)}` }, say("alert.ring", { number: alert.call_back })),
    ...(open ? alert.emergency.filter((line) => line.call) : []).map((line) =>
      element(
        "a",
        { class: "button", href: `tel:${dialled(line.call ?? "")}` },
        say("alert.ring_label", { label: line.label, number: line.call ?? "" }),
      ),
    ),
  ];
}

/** @param {string} term @param {string} text */
function fact(term, text) {
  return [element("div", {}, element("dt", {}, term), element("dd", {}, text))];
}

/** @param {Alert} alert @param {import("../shared/words.js").Say & {language: string}} say */
function where(alert, say) {
  const fix = alert.location;
  if (!fix) return say(alert.sees === "message" ? "where.unknown" : "where.none");
  const place = alert.place
    ? say("where.near", {
        label: alert.place.label,
        metres: alert.place.distance_m,
        bearing: say(`bearing.${alert.place.bearing}`),
      })
    : `${fix.latitude.toFixed(5)}, ${fix.longitude.toFixed(5)}`;
  return say("where.aged", { place, age: ago(serviceNow() - Date.parse(fix.at), say.language) });
}

/** @param {NonNullable<Alert["journey"]>} journey */
function whereTo({ label, destination }) {
  return label ?? `${destination.latitude.toFixed(5)}, ${destination.longitude.toFixed(5)}`;
}

/** @param {Alert} alert @param {import("../shared/words.js").Say} say */
function who(alert, say) {
  if (alert.staff) return say("who.staff");
  if (alert.others === 0 && (alert.answer === "can_help" || alert.answer === "on_my_way")) return say("who.you");
  return alert.others > 0 ? say("who.others", { count: alert.others }) : say("who.nobody");
}

/** @param {string} number */
function dialled(number) {
  return number.replace(/[^+\d*#]/g, "");
}
