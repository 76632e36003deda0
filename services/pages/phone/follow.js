/** A press under way: how far it has come, how long it can be taken back, and taking it back. */

import { Refused, call, newId, serviceNow } from "../shared/client.js";
import { clockLeft, timeOfDay } from "../shared/words.js";
import { Card } from "./card.js";
import { numbersShown, showNumbers } from "./numbers.js";
import { button, copyOf, find, part, write } from "./page.js";
import { anyToken, hasPin, person, refresh, tokens } from "./person.js";
import { askPin } from "./pin.js";
import * as vault from "./vault.js";
import { language, onWords, say } from "./wording.js";

const MARKS = ["stored", "sent", "delivered", "seen", "on_the_way"];
const QUICK = 1_000;
const STEADY = 3_000;
const QUICK_FOR = 30_000;

/** @typedef {{state: string, cancel_until?: string | null, advice?: any, [mark: string]: any}} Progress */

class Following {
  /** @param {import("./press.js").PressQueue} queue @param {import("./trail.js").Trail} trail */
  constructor(queue, trail) {
    this.queue = queue;
    this.trail = trail;
    /** @type {string | null} the press that is followed; an incident without one is followed through `me` */
    this.press = null;
    this.active = false;
    this.since = 0;
    /** @type {Progress} */
    this.progress = { state: "unsent" };
    /** @type {Set<string>} what was ended here: late answers do not bring it back */
    this.ended = new Set();
    this.window = 0;
    this.card = new Card();
    queue.addEventListener("pressed", (event) => this.begin(/** @type {CustomEvent} */ (event).detail));
    queue.addEventListener("stored", (event) => this.#stored(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("person", () => this.#heard());
    button("cancel-open").addEventListener("click", () => void this.takeBack());
    onWords(() => this.draw());
    setInterval(() => this.#tick(), 250);
    void this.#resume();
  }

  async #resume() {
    const kept = await vault.read("current").catch(() => null);
    if (kept?.id && !this.active) this.begin(kept.id, { resumed: true });
  }

  /** @param {string} press @param {{resumed?: boolean}} [how] */
  begin(press, { resumed = false } = {}) {
    const again = this.active && !resumed;
    this.press = press;
    this.active = true;
    this.since = Date.now();
    this.window = 0;
    this.progress = again ? { ...this.progress, stored: null } : { state: "unsent" };
    if (!resumed) void vault.write("current", { id: press }).catch(() => undefined);
    this.trail.live(null);
    if (resumed) this.trail.live(press);
    this.draw();
    this.#poll(press);
  }

  /** @param {{id: string, answer: any}} detail */
  #stored({ id, answer }) {
    if (this.ended.has(id)) return;
    if (!this.active) this.begin(id, { resumed: true });
    if (id !== this.press) return;
    this.progress = { ...this.progress, ...answer, stored: new Date(serviceNow()).toISOString() };
    this.trail.live(id);
    this.draw();
  }

  /** What `me` says: an incident that this page did not begin, or one that is over. */
  #heard() {
    const alarm = /** @type {any} */ (person()?.alarm);
    if (!alarm) {
      if (this.active && !this.press) this.#end();
      return;
    }
    const press = alarm.panic ?? null;
    if (press && (this.ended.has(press) || this.queue.waiting.size > 0)) return;
    if (this.active && this.press) return;
    if (press) this.begin(press, { resumed: true });
    else {
      this.active = true;
      this.progress = alarm;
      this.trail.live(null);
      this.draw();
    }
  }

  /** @param {string} press */
  async #poll(press) {
    while (this.active && this.press === press) {
      if (!this.queue.waiting.has(press)) await this.#ask(press);
      const wait = Date.now() - this.since < QUICK_FOR ? QUICK : STEADY;
      await new Promise((go) => setTimeout(go, wait));
    }
  }

  /** @param {string} press */
  async #ask(press) {
    try {
      const told = await call("GET", `/v1/panic/${press}`, { token: anyToken(), within: 5_000 });
      if (!this.active || this.press !== press) return;
      this.progress = told;
      if (told.state === "cancelled" || told.state === "resolved") this.#end(told.state);
      else this.draw();
    } catch (error) {
      // The service does not know it: it was another agency's, or it is long over.
      if (error instanceof Refused && error.status === 404 && this.press === press && this.active) {
        if (Date.now() - this.since > QUICK_FOR) this.#end();
      }
    }
  }

  /** @param {string} [state] */
  #end(state = "resolved") {
    if (this.press) this.ended.add(this.press);
    this.active = false;
    this.press = null;
    void vault.write("current", undefined).catch(() => undefined);
    if (state === "cancelled") this.trail.calledOff();
    else this.trail.stop();
    showNumbers(null);
    this.draw();
    write(part("press-said"), say(state === "cancelled" ? "undo.done" : "marks.over"));
  }

  /** Asks for the PIN and takes everything back that was pressed until now. */
  async takeBack() {
    const press = this.press;
    let key = "";
    let at = "";
    let last = "";
    const outcome = await askPin({
      left: () => this.#left(),
      onFirstDigit: () => void this.#entering(press),
      submit: async (pin) => {
        if (pin !== last || !key) [key, at, last] = [newId(), new Date().toISOString(), pin];
        const sequence = await vault.nextSequence().catch(() => undefined);
        const body = { pin, at, sent_at: new Date().toISOString(), ...(press ? { panic: press } : {}) };
        try {
          return await call("POST", "/v1/panic/cancel", {
            token: tokens()?.panic ?? anyToken(),
            body: sequence === undefined ? body : { ...body, sequence },
            key,
          });
        } catch (error) {
          // A second try with the same digits is a new act.
          if (error instanceof Refused && !error.passing) key = "";
          throw error;
        }
      },
    }).catch(() => null);
    if (outcome && this.press === press) this.#end("cancelled");
    if (outcome) void refresh();
  }

  /** @param {string | null} press */
  async #entering(press) {
    if (!press) return;
    try {
      const told = await call("POST", `/v1/panic/${press}/entering-pin`, { token: tokens()?.panic ?? null, body: {} });
      if (this.press === press) this.progress = { ...this.progress, cancel_until: told.cancel_until };
      this.window = 0;
    } catch {
      // It only buys time; the pad works without it.
    }
  }

  #remaining() {
    const until = this.progress.cancel_until;
    return until ? Math.max(0, Date.parse(until) - serviceNow()) : 0;
  }

  #left() {
    const remaining = this.#remaining();
    return remaining > 0 ? say("undo.left", { time: clockLeft(remaining) }) : "";
  }

  #tick() {
    if (!this.active) return;
    const remaining = this.#remaining();
    this.window = Math.max(this.window, remaining);
    write(part("undo-left"), remaining > 0 ? clockLeft(remaining) : "");
    part("undo-bar").style.setProperty("--left", String(this.window > 0 ? remaining / this.window : 0));
  }

  draw() {
    part("under-way").hidden = !this.active;
    document.body.classList.toggle("live", this.active);
    write(part("press-label"), say(this.active ? "hold.again" : "hold.label"));
    part("press-hint").hidden = this.active;
    if (!this.active) {
      this.card.show(null);
      return;
    }
    button("cancel-open").hidden = !(hasPin() ?? Boolean(this.progress.cancel_until));
    drawMarks(this.progress);
    this.card.show(this.progress.card ?? null);
    const advice = this.progress.advice;
    if (advice) showNumbers(advice.kind === "waiting" ? "waiting" : "nobody_reached", advice.call ?? undefined);
    else if (numbersShown() !== "unstored") showNumbers(null);
    const newest = MARKS.findLast((name) => this.progress[name]);
    write(part("press-said"), newest ? say(`marks.${newest}`) : say("marks.saving"));
    this.#tick();
  }
}

/** @param {Progress} progress */
function drawMarks(progress) {
  const list = part("marks");
  while (list.children.length < MARKS.length) list.append(copyOf("mark-row"));
  MARKS.forEach((name, index) => {
    const row = list.children[index];
    if (!(row instanceof HTMLElement)) return;
    const at = progress[name];
    row.dataset.testid = `mark-${name.replaceAll("_", "-")}`;
    row.dataset.reached = at ? "yes" : "no";
    write(find(row, '[data-part="label"]', HTMLElement), say(`marks.${name}`));
    write(find(row, '[data-part="reached"]', HTMLElement), say(at ? "marks.reached" : "marks.not_yet"));
    write(find(row, '[data-part="time"]', HTMLElement), at ? timeOfDay(at, language(), { seconds: true }) : "");
  });
}

/** @param {import("./press.js").PressQueue} queue @param {import("./trail.js").Trail} trail */
export function followAlarm(queue, trail) {
  return new Following(queue, trail);
}
