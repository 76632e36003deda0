/**
 * A contact as the service tells it.
 *
 * @typedef {import("./team.js").Hours} Hours
 * @typedef {{channel: string, address: string, safety: string | null, hours: Hours[]}} Way
 * @typedef {Way & {id: string, deliverable: boolean, closed_at: string | null}} Method
 * @typedef {{at: string, state: string, why: string | null}} Invited the last invitation, and how far it has come
 * @typedef {{id: string, name: string, order: number, language: string, sees: string, job: string | null,
 *   consent: "pending" | "confirmed" | "declined", invited: Invited | null, unheard_since: string | null,
 *   methods: Method[]}} Contact
 *
 * What can be changed of one; `how` says in which way they agreed, where they did so to staff.
 * @typedef {{name: string, language: string, sees: string, job: string | null, how: string, methods: Way[]}} ContactDraft
 *
 * What is shown once after it was saved.
 * @typedef {{confirm_url?: string, methods?: {channel: string, secret?: string}[]}} Made
 */

export const JOBS = ["rings_emergency", "fetches_children", "stays_by_phone"];
export const SEES = ["message", "place", "live"];
export const CHANNELS = ["sms", "voice", "email", "webhook"];
export const SAFETIES = ["safe", "shared", "unknown", "monitored"];

/** @param {string} person */
export function contactsPath(person) {
  return `/v1/people/${person}/contacts`;
}

/** @returns {Way} */
export function newWay() {
  return { channel: "sms", address: "", safety: null, hours: [] };
}
