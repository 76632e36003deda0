/**
 * What the service says is running for this person, asked for again and again while the page is seen.
 *
 * @typedef {{label: string, call?: string | null, text?: string | null}} Helpline
 * @typedef {{id: string, state: string, due_at: string, missed_at: string, note?: string | null, journey?: boolean}} CheckIn
 * @typedef {{id: string, state: string, arrive_by: string, missed_at: string}} Journey
 * @typedef {{about: string, why: string, answer_by: string}} Question
 * @typedef {{panic: string | null, incident?: string, id: string, state: string}} Alarm
 * @typedef {{language: string, has_pin: boolean, reminders: string, alarm: Alarm | null, check_ins: CheckIn[],
 *   journeys?: Journey[], questions?: Question[], rules?: object[], stay_near?: {until: string} | null,
 *   emergency: Helpline[]}} Person
 */

import { Refused, call } from "../shared/client.js";
import * as vault from "./vault.js";

const EVERY = 15_000;

/** @type {Person | null} */
let known = null;
/** @type {import("./vault.js").Tokens | null} */
let mine = null;
/** @type {{has_pin?: boolean, emergency?: Helpline[]}} */
let kept = {};

export const person = () => known;
export const tokens = () => mine;

/** The device's token, or the one that can only press. */
export const anyToken = () => mine?.device ?? mine?.panic ?? null;

/** Whether there is a PIN to enter; `undefined` while nobody has said. */
export const hasPin = () => known?.has_pin ?? kept.has_pin;

/** The agency's numbers, as they were last told. */
export const helplines = () => known?.emergency ?? kept.emergency ?? [];

/** @param {import("./vault.js").Tokens | null} given @param {{keep?: boolean}} [how] */
export async function useTokens(given, { keep = true } = {}) {
  mine = given;
  if (keep) await vault.write("tokens", given);
  if (!given) return;
  kept = (await vault.read("kept").catch(() => null)) ?? {};
}

/** Asks now, and tells the page by the event `person`. */
export async function refresh() {
  const token = mine?.device;
  if (!token) return;
  try {
    known = await call("GET", "/v1/me", { token });
  } catch (error) {
    if (error instanceof Refused && error.status === 401) known = null;
    return;
  }
  document.dispatchEvent(new CustomEvent("person"));
  kept = { has_pin: known?.has_pin ?? false, emergency: known?.emergency ?? [] };
  await vault.write("kept", kept).catch(() => undefined);
  await vault.write("language", known?.language).catch(() => undefined);
}

export function startPerson() {
  void refresh();
  setInterval(() => {
    if (document.visibilityState === "visible") void refresh();
  }, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void refresh();
  });
  addEventListener("online", () => void refresh());
}
