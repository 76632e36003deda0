/** Pieces that the row and the open incident say in the same way. */

import { clockTime, since, until } from "./clock.js";
import { element } from "../shared/element.js";
import { icon, shape } from "./icons.js";
import { staffHolder } from "./model.js";
import { language, say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Summary} Summary
 * @typedef {import("../shared/element.js").Child} Child
 */

const OLD_FIX = 5 * 60_000;
const WIDE_FIX = 200;
/** What is longer is read in the open incident. */
const SHORT = 36;

/** @param {Summary} incident */
export function severityBadge(incident) {
  return element(
    "span",
    { class: `severity severity-${incident.severity}` },
    shape(incident.severity),
    sayName("severity", incident.severity),
  );
}

/** What happened: the gravest trigger, the others, how many presses. @param {Summary} incident */
export function triggerWords(incident) {
  const others = [
    ...new Set(incident.triggers.filter((trigger) => !trigger.withdrawn).map((trigger) => trigger.kind)),
  ].filter((k) => k !== incident.trigger);
  return [
    ...(incident.drill ? [say("row.drill")] : []),
    sayName("trigger", incident.trigger),
    ...others.map((kind) => say("row.also", { trigger: sayName("trigger", kind).toLocaleLowerCase(language()) })),
    ...(incident.presses > 1 ? [say("row.presses", { count: incident.presses })] : []),
  ].join(" ");
}

/** The name that she goes by, then the one on record. @param {Summary} incident */
export function personWords(incident) {
  const { name } = incident.person;
  const known = incident.known_as;
  return known && known !== name ? say("row.person_known_as", { known_as: known, name }) : name;
}

/** @type {Record<string, string>} */
const CALL_SIGNS = { text_only: "text", code_question: "question", call: "phone", never: "never" };

/** May I call? @param {Summary} incident */
export function callBadge(incident) {
  const contact = incident.may_call?.contact ?? "unknown";
  return element(
    "span",
    { class: `may-call may-call-${contact}`, "data-testid": "may-call", "data-contact": contact },
    icon(CALL_SIGNS[contact] ?? "unknown"),
    sayName("may_call", contact),
  );
}

/** Metres as a dispatcher reads them. @param {number} metres */
export function distance(metres) {
  const number = new Intl.NumberFormat(language(), { maximumFractionDigits: metres < 10_000 ? 1 : 0 });
  if (metres < 1000) return say("distance.m", { number: Math.round(metres) });
  return say("distance.km", { number: number.format(metres / 1000) });
}

const POINTS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

/** @param {string | number} way degrees, or the word for one of the eight points */
function bearing(way) {
  if (typeof way === "string") {
    const [first = "", second = ""] = way.split("_");
    return say(`bearing.${first.charAt(0)}${second.charAt(0)}`);
  }
  const degrees = way;
  return say(`bearing.${POINTS[Math.round((((degrees % 360) + 360) % 360) / 45) % 8]}`);
}

/**
 * Where, and how old that is; without a fix, where home is, or another place that is known of them.
 * @param {Pick<Summary, "location" | "home" | "on_record">} incident
 * @returns {Child[]}
 */
export function whereWords(incident) {
  const { location } = incident;
  if (!location) {
    const { home, on_record: known } = incident;
    const where = home
      ? say("where.home_is", { place: home })
      : known
        ? say("where.on_record", { place: known })
        : say("where.no_home");
    return [element("strong", { class: "late" }, say("where.no_fix")), element("span", {}, where)];
  }
  const { place } = location;
  const near = place
    ? place.distance_m < 15
      ? say("where.at", { place: place.label })
      : say("where.near", { distance: distance(place.distance_m), bearing: bearing(place.bearing), place: place.label })
    : say("where.unlabelled", { position: position(location) });
  return [
    element("strong", {}, near),
    since(location.at, { words: "where.fix_age", late: OLD_FIX }),
    location.clock_wrong ? element("span", { class: "late" }, say("where.clock_wrong")) : null,
    location.accuracy
      ? element("span", { class: location.accuracy > WIDE_FIX ? "late" : "" }, accuracyWords(location.accuracy))
      : element("span", {}, say("where.accuracy_unknown")),
  ];
}

/** @param {number} metres */
export function accuracyWords(metres) {
  return `± ${distance(metres)}`;
}

/** Degrees as they are read out over the radio. @param {import("./model.js").Point} point */
export function position(point) {
  const digits = new Intl.NumberFormat("en", {
    minimumFractionDigits: 5,
    maximumFractionDigits: 5,
    useGrouping: false,
  });
  return `${digits.format(point.latitude)}, ${digits.format(point.longitude)}`;
}

/** @param {Summary} incident */
export function dangerWords(incident) {
  return (incident.dangers ?? []).map((danger) => {
    if (typeof danger === "string") return sayName("danger", danger);
    const kind = sayName("danger", danger.kind);
    return typeof danger.text === "string" && danger.text.length <= SHORT
      ? say("danger.with_text", { danger: kind, text: danger.text })
      : kind;
  });
}

/**
 * What will happen by itself, and when: how long somebody has it, and whom the plan tells next.
 * @param {Summary} incident
 * @returns {Child[]}
 */
export function nextWords(incident) {
  if (incident.state === "pending" && incident.cancel_until)
    return [until(incident.cancel_until, { words: "next.window", over: "next.window_over", class: "next" })];
  if (incident.closed_at)
    return [element("span", { class: "next" }, say("next.closed", { time: clockTime(incident.closed_at) }))];
  const step = stepWords(incident);
  // A contact's hold is all that is waited for where the plan lets it stop everybody.
  const lease = staffHolder(incident)?.until ?? (step ? null : incident.holds?.contacts?.until);
  if (lease) return [until(lease, { words: "next.lease", over: "next.due", class: "next" }), step];
  return [step ?? element("span", { class: "next" }, say(incident.next_step_at ? "next.nobody" : "next.none"))];
}

/** Whom the plan tells next, and when; null where it waits. @param {Summary} incident */
export function stepWords(incident) {
  if (!incident.next_told_at) return null;
  const who = fewNames(incident.next_recipients ?? []);
  return until(incident.next_told_at, { words: "next.step_for", over: "next.due", values: { who }, class: "next" });
}

/** @param {Summary} incident */
export function flagWords(incident) {
  /** @type {{kind: string, text: Child}[]} */
  const flags = [];
  if (incident.drill) flags.push({ kind: "drill", text: say("flag.drill") });
  if (incident.nobody_reachable) flags.push({ kind: "alarm", text: say("flag.nobody_reachable") });
  if (incident.stood_down_at)
    flags.push({ kind: "calm", text: since(incident.stood_down_at, { words: "flag.stood_down" }) });
  return flags;
}

/** The first two, and how many more. @param {import("./model.js").Told[]} people */
export function fewNames(people) {
  const shown = people.slice(0, 2).map(recipientWords);
  return [...shown, ...(people.length > 2 ? [`+${people.length - 2}`] : [])].join(", ");
}

/** Who was to be told: by name, or by what they are. @param {{name?: string | null, recipient?: string | null}} told */
export function recipientWords({ name, recipient }) {
  return name || sayName("recipient", recipient?.split(":")[0] ?? "contact");
}
