/** Stay near: one tap before a risky hour, and the desk watches until it is over. */

import { Refused, Unreachable, call, newId, serviceNow } from "../shared/client.js";
import { clockLeft, timeOfDay } from "../shared/words.js";
import { button, closable, dialog, part, write } from "./page.js";
import { hasPin, person, refresh, tokens } from "./person.js";
import { askPin } from "./pin.js";
import { language, onWords, say, spanWords } from "./wording.js";

const SPANS = [30, 60, 120, 240];

export class Near {
  constructor() {
    closable(dialog("near"));
    button("near-open").addEventListener("click", () => this.#open());
    button("near-longer").addEventListener("click", () => this.#open());
    button("near-end").addEventListener("click", () => void this.#end());
    document.addEventListener("person", () => this.#draw());
    onWords(() => this.#draw());
    setInterval(() => this.#draw(), 1_000);
  }

  #draw() {
    const running = person()?.stay_near;
    part("near-card").hidden = !running;
    button("near-open").hidden = Boolean(running);
    if (!running) return;
    const left = clockLeft(Math.max(0, Date.parse(running.until) - serviceNow()));
    write(part("near-until"), say("near.until", { time: timeOfDay(running.until, language()) }));
    write(part("near-left"), say("plan.in", { time: left }));
  }

  #open() {
    const box = dialog("near");
    write(part("near-said"), "");
    const choices = SPANS.map((minutes) => {
      const choice = document.createElement("button");
      choice.type = "button";
      choice.dataset.testid = `near-${minutes}`;
      choice.textContent = spanWords(minutes);
      const key = newId();
      choice.addEventListener("click", () => void this.#ask(minutes, key));
      return choice;
    });
    part("near-choices").replaceChildren(...choices);
    box.showModal();
  }

  /** @param {number} minutes @param {string} key */
  async #ask(minutes, key) {
    try {
      await call("POST", "/v1/me/stay-near", { token: tokens()?.device ?? null, body: { minutes }, key });
      dialog("near").close();
      await refresh();
    } catch (error) {
      write(part("near-said"), say(error instanceof Unreachable ? "plan.unreachable" : "plan.refused"));
    }
  }

  async #end() {
    const key = newId();
    /** @param {object} proof */
    const submit = (proof) =>
      call("POST", "/v1/me/stay-near/end", { token: tokens()?.device ?? null, body: proof, key });
    try {
      await (hasPin() ? askPin({ submit: (pin) => submit({ pin }) }) : submit({}));
    } catch (error) {
      if (!(error instanceof Refused)) write(part("plans-said"), say("plan.unreachable"));
    }
    await refresh();
  }
}
