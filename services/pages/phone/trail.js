/**
 * Positions: the last known one for a press, then every new one while it is live, and for half an hour after it was
 * called off, in the same way whatever was entered. Also while something that was agreed asks for them.
 */

import { call } from "../shared/client.js";
import { anyToken, tokens } from "./person.js";
import { button } from "./page.js";
import * as vault from "./vault.js";

const AFTER_CANCEL = 30 * 60_000;
const APART = 5_000;
/** A phone that keeps still is told of no new position: then it asks for one this often. */
const STILL_APART = 60_000;
const KEPT = 200;

export class Trail {
  /** @param {import("./press.js").PressQueue} queue */
  constructor(queue) {
    this.queue = queue;
    /** @type {import("./vault.js").Fix | null} */
    this.last = null;
    /** @type {import("./vault.js").Fix[]} */
    this.unsent = [];
    /** @type {string | null} */
    this.press = null;
    this.until = Infinity;
    this.alarmed = false;
    this.asked = false;
    this.taken = 0;
    /** @type {number | undefined} */
    this.watch = undefined;
    this.busy = false;
    void this.#resume();
  }

  async #resume() {
    const until = await vault.read("fixes_until").catch(() => undefined);
    if (typeof until === "number" && until > Date.now()) this.#alarm(until);
  }

  /** Takes a first position where the browser lets us, and offers to ask where it has to. */
  async offer() {
    const allowed = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
    const ask = button("place-open");
    const take = () => {
      ask.hidden = true;
      navigator.geolocation?.getCurrentPosition((position) => this.#note(position), () => undefined, {
        enableHighAccuracy: true,
        maximumAge: 300_000,
        timeout: 20_000,
      });
    };
    if (allowed?.state === "granted") take();
    else if (allowed?.state === "prompt") {
      ask.hidden = false;
      ask.onclick = take;
    }
  }

  /** Follows a press. @param {string | null} press */
  live(press) {
    this.press = press;
    this.#alarm(Infinity);
    if (press && this.last) void this.queue.addLocation(press, this.last).catch(() => undefined);
  }

  /** Goes on for half an hour. */
  calledOff() {
    this.press = null;
    const until = Date.now() + AFTER_CANCEL;
    void vault.write("fixes_until", until).catch(() => undefined);
    this.#alarm(until);
  }

  /** Whether a journey, a zone, listening or staying near asks for positions. @param {boolean} yes */
  ask(yes) {
    const before = this.asked;
    this.asked = yes;
    if (yes) this.#follow();
    // However it ended, and whatever was entered then, it goes on for as long as after a press.
    else if (before && !this.alarmed) this.calledOff();
  }

  stop() {
    this.alarmed = false;
    void vault.write("fixes_until", undefined).catch(() => undefined);
    if (!this.asked) this.#rest();
  }

  #rest() {
    if (this.watch !== undefined) navigator.geolocation.clearWatch(this.watch);
    this.watch = undefined;
    clearInterval(this.timer);
    this.timer = undefined;
    this.unsent = [];
  }

  /** @param {number} until */
  #alarm(until) {
    this.alarmed = true;
    this.until = until;
    this.#follow();
  }

  #follow() {
    if (!navigator.geolocation || this.watch !== undefined) return;
    this.watch = navigator.geolocation.watchPosition((position) => this.#moved(position), () => undefined, {
      enableHighAccuracy: true,
      maximumAge: 0,
      timeout: 30_000,
    });
    this.timer = setInterval(() => void this.#flush(), APART);
  }

  /** @param {GeolocationPosition} position */
  #note(position) {
    const { latitude, longitude, accuracy } = position.coords;
    this.taken = Date.now();
    this.last = { latitude, longitude, accuracy, at: new Date(position.timestamp).toISOString() };
    return this.last;
  }

  /** @param {GeolocationPosition} position */
  #moved(position) {
    const fix = this.#note(position);
    if (this.press) {
      const press = this.press;
      this.press = null;
      void this.queue.addLocation(press, fix).catch(() => this.unsent.push(fix));
    } else {
      this.unsent.push(fix);
      this.unsent = this.unsent.slice(-KEPT);
    }
  }

  async #flush() {
    if (this.alarmed && Date.now() > this.until) this.stop();
    if (this.watch !== undefined && Date.now() - this.taken > STILL_APART) {
      this.taken = Date.now();
      navigator.geolocation.getCurrentPosition((position) => this.#moved(position), () => undefined, {
        enableHighAccuracy: true,
        maximumAge: 0,
        timeout: 30_000,
      });
    }
    if (this.busy || this.unsent.length === 0 || !tokens()) return;
    const fixes = this.unsent;
    this.unsent = [];
    this.busy = true;
    try {
      await call("POST", "/v1/locations", { token: anyToken(), body: { fixes, sent_at: new Date().toISOString() }, keepalive: true });
    } catch (error) {
      if (error instanceof Error && !("status" in error)) this.unsent = [...fixes, ...this.unsent].slice(-KEPT);
    } finally {
      this.busy = false;
    }
  }
}
