/** What comes again and again, in plain words; paused and gone on with, behind the PIN. */

import { Refused, call, newId } from "../shared/client.js";
import { copyOf, find, part, write } from "./page.js";
import { hasPin, tokens } from "./person.js";
import { askPin } from "./pin.js";
import { onWords, say } from "./wording.js";

const EVERY = 300_000;

/** @typedef {{id: string, name: string, words: string, paused: boolean}} Schedule */

export class Schedules {
  constructor() {
    /** @type {Schedule[]} */
    this.known = [];
    onWords(() => this.#draw());
    void this.#read();
    setInterval(() => void this.#read(), EVERY);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.#read();
    });
  }

  async #read() {
    const token = tokens()?.device;
    if (!token) return;
    try {
      this.known = (await call("GET", "/v1/schedules", { token })).schedules;
    } catch {
      return;
    }
    this.#draw();
  }

  #draw() {
    part("again").hidden = this.known.length === 0;
    const rows = this.known.map((each) => {
      const row = copyOf("schedule-row");
      write(find(row, '[data-part="what"]', HTMLElement), each.name);
      write(find(row, '[data-part="words"]', HTMLElement), each.words);
      const act = find(row, "button", HTMLButtonElement);
      write(act, say(each.paused ? "again.resume" : "again.pause"));
      act.dataset.testid = each.paused ? "schedule-resume" : "schedule-pause";
      act.addEventListener("click", () => void this.#act(each));
      return row;
    });
    part("schedules").replaceChildren(...rows);
  }

  /** @param {Schedule} schedule */
  async #act(schedule) {
    const path = `/v1/schedules/${schedule.id}/${schedule.paused ? "resume" : "pause"}`;
    const key = newId();
    /** @param {object} proof */
    const submit = (proof) => call("POST", path, { token: tokens()?.device ?? null, body: proof, key });
    try {
      await (hasPin() ? askPin({ submit: (pin) => submit({ pin }) }) : submit({}));
    } catch (error) {
      write(part("plans-said"), say(error instanceof Refused ? "plan.refused" : "plan.unreachable"));
    }
    await this.#read();
  }
}
