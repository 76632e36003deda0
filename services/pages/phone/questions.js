/** What she is asked before anybody else hears of it, and her answer. */

import { Unreachable, call, newId } from "../shared/client.js";
import { timeOfDay } from "../shared/words.js";
import { copyOf, find, part, write } from "./page.js";
import { hasPin, person, refresh, tokens } from "./person.js";
import { askPin } from "./pin.js";
import { language, onWords, say } from "./wording.js";

export class Questions {
  constructor() {
    document.addEventListener("person", () => this.#draw());
    onWords(() => this.#draw());
  }

  #draw() {
    const asked = person()?.questions ?? [];
    const list = part("questions");
    list.hidden = asked.length === 0;
    const rows = asked.map((each) => {
      const row = copyOf("question-row");
      write(find(row, '[data-part="what"]', HTMLElement), say("question.text", { time: timeOfDay(each.answer_by, language()) }));
      const well = find(row, "button", HTMLButtonElement);
      write(well, say("question.well"));
      well.addEventListener("click", () => void this.#answer(each.about));
      return row;
    });
    // Drawn anew only when it is another: whoever is about to touch it must not miss it.
    const key = JSON.stringify([language(), asked]);
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(...rows);
  }

  /** @param {string} about */
  async #answer(about) {
    const key = newId();
    /** @param {object} proof */
    const submit = (proof) =>
      call("POST", "/v1/me/all-right", { token: tokens()?.device ?? null, body: { about, ...proof }, key });
    try {
      const done = hasPin() ? await askPin({ submit: (pin) => submit({ pin }) }) : await submit({});
      if (done) write(part("plans-said"), say("question.said"));
    } catch (error) {
      write(part("plans-said"), say(error instanceof Unreachable ? "plan.unreachable" : "plan.refused"));
    }
    await refresh();
  }
}
