/**
 * Presses on their way to the service. A press is written down first, then sent under the same id until it is
 * answered: also after the page was closed, the network was gone, or the phone was off.
 *
 * Events: `pressed`, `stored` (each with the press's id in `detail`).
 */

import { Refused, call, newId } from "../shared/client.js";
import { tokens } from "./person.js";
import * as vault from "./vault.js";

const ANSWER_WITHIN = 3_000;
const WRITE_WITHIN = 300;
const WAITS = [500, 1_000, 2_000, 4_000, 5_000];

/** @typedef {{press: import("./vault.js").Press, tries: number, busy: boolean, timer?: ReturnType<typeof setTimeout>}} Waiting */

export class PressQueue extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, Waiting>} */
    this.waiting = new Map();
    const wake = () => this.wake();
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    addEventListener("pagehide", wake);
    document.addEventListener("visibilitychange", wake);
  }

  /** Takes up what an earlier page left behind. */
  async wakeFromVault() {
    for (const press of await vault.unsettledPresses().catch(() => [])) {
      if (!this.waiting.has(press.id)) this.#take(press);
    }
  }

  /** A press, now. @param {import("./vault.js").Fix | null} fix the last known position, however old @returns {Promise<string>} */
  async raise(fix) {
    /** @type {import("./vault.js").Press} */
    const press = { id: newId(), at: new Date().toISOString() };
    if (fix) press.location = fix;
    this.dispatchEvent(new CustomEvent("pressed", { detail: press.id }));
    // Written down first; but a disk that hangs must not hold up the press.
    const written = vault.keepPress(press).catch(() => undefined);
    await Promise.race([written, new Promise((go) => setTimeout(go, WRITE_WITHIN))]);
    this.#take(press);
    return press.id;
  }

  /** Tries everything that waits at once. */
  wake() {
    for (const item of this.waiting.values()) {
      if (item.busy) continue;
      clearTimeout(item.timer);
      item.tries = 0;
      void this.#send(item);
    }
  }

  /** A better position for a press that was stored: the same press again, with it. @param {string} id @param {import("./vault.js").Fix} location */
  async addLocation(id, location) {
    const token = tokens()?.panic;
    if (!token) return;
    const body = { id, sent_at: new Date().toISOString(), location };
    await call("POST", "/v1/panic", { token, body, key: id, within: ANSWER_WITHIN, keepalive: true });
  }

  /** @param {import("./vault.js").Press} press */
  #take(press) {
    const item = { press, tries: 0, busy: false };
    this.waiting.set(press.id, item);
    void this.#send(item);
  }

  /** @param {Waiting} item */
  async #send(item) {
    if (!tokens()) {
      this.#later(item);
      return;
    }
    item.busy = true;
    try {
      const answer = await this.#attempt(item);
      this.waiting.delete(item.press.id);
      this.dispatchEvent(new CustomEvent("stored", { detail: { id: item.press.id, answer } }));
      await vault.settlePress(item.press.id).catch(() => undefined);
    } catch (error) {
      item.busy = false;
      // What the service cannot read in it is not worth the press: the bare id is one too.
      if (error instanceof Refused && [400, 413, 415, 422].includes(error.status)) {
        item.press = { id: item.press.id, at: item.press.at };
      }
      this.#later(item);
    }
  }

  /** @param {Waiting} item */
  #attempt(item) {
    const body = { ...item.press, sent_at: new Date().toISOString() };
    // Every other try with the device's own token, in case that the one for pressing was lost on the way.
    const mine = tokens();
    const token = item.tries % 2 === 1 ? (mine?.device ?? mine?.panic) : mine?.panic;
    return call("POST", "/v1/panic", {
      token: token ?? null,
      body,
      key: item.press.id,
      within: ANSWER_WITHIN,
      keepalive: true,
    });
  }

  /** @param {Waiting} item */
  #later(item) {
    const wait = WAITS[Math.min(item.tries, WAITS.length - 1)] ?? 5_000;
    item.tries += 1;
    item.timer = setTimeout(() => void this.#send(item), wait);
  }
}
