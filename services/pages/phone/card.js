/** A question that responders put on this page: a touch answers it, without a sound. */

import { call, newId } from "../shared/client.js";
import { part, write } from "./page.js";
import { tokens } from "./person.js";
import { onWords, say } from "./wording.js";

/** @typedef {{id: string, card: string, answer: string | null}} Asked */

export class Card {
  constructor() {
    /** @type {Asked | null} */
    this.asked = null;
    for (const button of this.#buttons()) button.addEventListener("click", () => void this.#answer(button));
    onWords(() => this.#draw());
  }

  /** @param {Asked | null} asked what is asked now */
  show(asked) {
    // An answer that is still on its way is not undone by what was read before it arrived.
    if (asked && this.asked?.id === asked.id && this.asked.answer && !asked.answer) return;
    this.asked = asked;
    this.#draw();
  }

  #buttons() {
    return [...part("card").querySelectorAll("button")];
  }

  #draw() {
    const { asked } = this;
    part("card").hidden = !asked;
    if (!asked) return;
    write(part("card-text"), say(`card.${asked.card}`));
    for (const button of this.#buttons()) button.setAttribute("aria-pressed", String(button.dataset.answer === asked.answer));
    write(part("card-said"), asked.answer ? say("card.said", { answer: say(`card.answer.${asked.answer}`) }) : "");
  }

  /** @param {HTMLButtonElement} button */
  async #answer(button) {
    const { asked } = this;
    const answer = button.dataset.answer;
    if (!asked || !answer) return;
    button.setAttribute("aria-busy", "true");
    try {
      const token = tokens()?.panic ?? tokens()?.device ?? null;
      await call("POST", "/v1/panic/card", { token, body: { card: asked.id, answer }, key: newId() });
      if (this.asked?.id === asked.id) this.show({ ...asked, answer });
    } catch {
      write(part("card-said"), say("plan.unreachable"));
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
