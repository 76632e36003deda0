/**
 * What the service says about incidents, as types, and the three questions that the page asks of them: is it live, who
 * has it, and which comes first.
 *
 * @typedef {"extreme" | "severe" | "moderate" | "minor"} Severity
 * @typedef {"pending" | "open" | "acknowledged" | "resolved" | "cancelled"} State
 * @typedef {{holder: string, name: string, until: string}} Hold
 * @typedef {{name: string | null, recipient?: string | null, at?: string | null, answer?: string, why?: string}} Told
 * @typedef {{latitude: number, longitude: number}} Point
 * @typedef {Point & {accuracy?: number | null, at: string}} Fix
 * @typedef {Fix & {received_at: string, place: {label: string, distance_m: number, bearing: string | number} | null,
 *   clock_wrong?: boolean}} Location
 * @typedef {{kind: string, text?: string | boolean | null}} Danger
 * @typedef {{label: string, address?: string | null, latitude?: number, longitude?: number, entry?: string | null,
 *   emergency?: {voice?: string | null, text?: string | null} | null}} Place
 * @typedef {{name: string, kind: "safe" | "exclusion", center?: Point | null, radius_m?: number | null,
 *   polygon?: Point[] | null}} Zone
 * @typedef {{id: string, begun_at: string, label: string | null, note: string | null, destination: Point,
 *   radius_m: number, trail: Fix[]}} Journey
 * @typedef {{contact: "text_only" | "code_question" | "call" | "never" | null, code_question?: string | null,
 *   code_answer?: string | null}} MayCall
 * @typedef {{at: string, kind: string, by?: string | null, text?: string | null,
 *   values?: Record<string, string | number | null>}} Entry
 * @typedef {{id: string, recipient: string, name?: string | null, channel: string, state: string, attempts: number, at: string}} Delivery
 * @typedef {{channel: string, address: string, safety?: string | null,
 *   hours?: import("./weekdays.js").Hours[]}} Reach
 *
 * @typedef {{
 *   id: string, person: {id: string, name: string}, known_as?: string | null, state: State, trigger: string,
 *   triggers: {kind: string, at: string, received_at: string, withdrawn?: boolean}[], severity: Severity, presses: number,
 *   opened_at: string, cancel_until?: string | null, closed_at?: string | null, stood_down_at?: string | null,
 *   acknowledged_by?: (string | {name: string})[], holder?: string | {id?: string, name: string} | null,
 *   holds?: {staff: Hold | null, contacts: Hold | null} | null, contact_first?: boolean,
 *   place?: string | Place | null, home?: string | null, on_record?: string | null, dangers?: (string | Danger)[], location?: Location | null,
 *   told?: {reached: Told[], handed_over: Told[], trying: Told[], answered: Told[], untold: Told[]} | null,
 *   next_step_at?: string | null, next_told_at?: string | null, next_recipients?: Told[], drill?: boolean,
 *   may_call?: MayCall | null, human_contact_at?: string | null, disposition?: string | null,
 *   nobody_reachable?: boolean, answered?: number, quorum?: number,
 *   card?: {id: string, card: string, at: string, answer?: string | null} | null,
 * }} Summary
 *
 * @typedef {{after_seconds: number, notify: string[], told: boolean}} Step
 *
 * @typedef {Summary & {
 *   communication?: {mode: string, language?: string | null}[], reach?: Reach[],
 *   brief?: Record<string, unknown> | null, places?: Place[], wrong_pins?: boolean | number,
 *   person_side?: string | null, timeline: Entry[], deliveries: Delivery[], zones?: Zone[], trail?: Fix[],
 *   journeys?: Journey[], policy?: {name: string, outdated: boolean, steps: Step[]} | null,
 *   to_ring?: {name: string, at: string, numbers: string[]}[],
 * }} Incident
 *
 * @typedef {{
 *   staff: {id: string, name: string, roles: string[], language?: string | null},
 *   organization: {id: string, name: string, call_back?: string | null, warnings?: string[],
 *     emergency?: {label: string, call?: string | null, text?: string | null}[]},
 * }} Session
 */

export const DISPOSITIONS = [
  "safe",
  "help_arrived",
  "police_attended",
  "medical",
  "unable_to_reach",
  "false_press",
  "duplicate",
  "drill",
];

/** @type {Record<string, number>} */
const GRAVITY = { extreme: 0, severe: 1, moderate: 2, minor: 3 };

/** @param {Summary} incident */
export function isLive(incident) {
  return incident.state === "pending" || incident.state === "open" || incident.state === "acknowledged";
}

/**
 * The responder who has it, by the lease where the answer brings one.
 * @param {Summary} incident
 * @returns {{name: string, id: string | null, until: string | null} | null}
 */
export function staffHolder(incident) {
  const hold = incident.holds?.staff;
  if (hold) return { name: hold.name, id: hold.holder, until: hold.until };
  const holder = incident.holder;
  // Without the leases the holder may be a contact, and a contact's answer does not mean that a responder has it.
  if (!holder || incident.holds || incident.told?.answered.some((told) => told.name === holder)) return null;
  return typeof holder === "string"
    ? { name: holder, id: null, until: null }
    : { name: holder.name, id: holder.id ?? null, until: null };
}

/**
 * When a human being last answered about it: what the queue waits by.
 * @param {Summary} incident
 */
function lastHumanContact(incident) {
  const answers = (incident.told?.answered ?? []).map((told) => told.at ?? "");
  return [incident.human_contact_at ?? "", incident.opened_at, ...answers].sort().at(-1) ?? "";
}

/**
 * Severity first, then what nobody has, then what has waited longest for a human being.
 * @param {Summary} a
 * @param {Summary} b
 */
export function byUrgency(a, b) {
  return (
    (GRAVITY[a.severity] ?? 9) - (GRAVITY[b.severity] ?? 9) ||
    Number(Boolean(staffHolder(a))) - Number(Boolean(staffHolder(b))) ||
    Date.parse(lastHumanContact(a)) - Date.parse(lastHumanContact(b)) ||
    a.id.localeCompare(b.id)
  );
}

/** Nobody has it and people are being told: this is what asks for somebody's voice. @param {Summary} incident */
export function criesOut(incident) {
  return incident.state === "open" && !staffHolder(incident);
}
