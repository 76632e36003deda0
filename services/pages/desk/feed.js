/** The live feed: what it brings, and whether it lives. */

import { setClock } from "./clock.js";

/**
 * @typedef {{
 *   incident(summary: import("./model.js").Summary): void,
 *   quiet(): void,
 *   resync(): void,
 *   refused(): void,
 *   lives(yes: boolean, lastHeard: number): void,
 * }} Listener `resync`: the stream begins (again) or events are missing: read the list; `refused`: the service ended the stream for good
 */

/** The service beats every two seconds; this long without a sign of life and the page says so. */
const SILENCE = 5_000;
const LONGEST_WAIT = 5_000;

export class Feed {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {EventSource | null} */
    this.source = null;
    this.lastHeard = Date.now();
    this.alive = true;
    this.wait = 500;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.again = undefined;
  }

  open() {
    this.close();
    this.lastHeard = Date.now();
    const source = new EventSource("/v1/feed");
    this.source = source;
    for (const name of ["incident.opened", "incident.updated", "incident.closed"]) {
      source.addEventListener(name, (event) => {
        this.hear();
        this.listener.incident(JSON.parse(event.data));
      });
    }
    for (const name of ["stay_near.changed", "outage.changed"]) {
      source.addEventListener(name, () => {
        this.hear();
        this.listener.quiet();
      });
    }
    source.addEventListener("beat", (event) => {
      setClock(JSON.parse(event.data).now);
      this.hear();
    });
    source.addEventListener("reset", () => {
      this.hear();
      this.listener.resync();
    });
    // The browser resumes by the last id that it has seen; before the first one there is none to resume from.
    source.addEventListener("open", () => {
      this.hear();
      this.listener.resync();
    });
    source.addEventListener("error", () => {
      // A broken connection heals by itself and resumes; a refused one is closed and has to be opened anew.
      if (source.readyState === EventSource.CLOSED && source === this.source) this.reopen();
    });
  }

  close() {
    clearTimeout(this.again);
    this.source?.close();
    this.source = null;
  }

  hear() {
    this.lastHeard = Date.now();
    this.wait = 500;
    if (!this.alive) {
      this.alive = true;
      this.listener.lives(true, this.lastHeard);
    }
  }

  /** Begins a new stream, a little later each time. */
  reopen() {
    this.close();
    this.listener.refused();
    this.again = setTimeout(() => {
      const heard = this.lastHeard;
      this.open();
      this.lastHeard = heard;
    }, this.wait);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  /** Called every half second. */
  watch() {
    if (this.source === null && this.again === undefined) return;
    if (this.alive && Date.now() - this.lastHeard > SILENCE) {
      this.alive = false;
      this.listener.lives(false, this.lastHeard);
    }
    // A connection that is open and silent for long is half dead: only a new one helps.
    if (Date.now() - this.lastHeard > 3 * SILENCE && this.source?.readyState === EventSource.OPEN) this.reopen();
  }
}
