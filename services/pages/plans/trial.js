/** Who would be told when, in somebody's plan, at any instant and with any failures: nothing is sent. */

import { act, complain } from "../desk/act.js";
import { Problem, get, post } from "../desk/api.js";
import { clockTime, duration } from "../desk/clock.js";
import { recipientWords } from "../desk/phrases.js";
import { say, sayName } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { holeWords } from "./holes.js";

/**
 * @typedef {{id: string, name: string}} Person
 * @typedef {{recipient: string, name: string | null}} Recipient
 * @typedef {{policy: string, holes: import("./holes.js").Hole[], recipients: Recipient[], channels: string[]}} Plan
 * @typedef {{at: string, after_seconds: number, step: number, recipient: string, name: string | null, channel: string,
 *   outcome: string}} Told
 * @typedef {{timeline: Told[], first_told_seconds: number | null, untold: Recipient[]}} Found
 */

const TRIGGERS = ["panic", "duress", "missed_check_in", "zone"];

export class Trial {
  constructor() {
    this.who = element("select", { id: "trial-who", "data-testid": "trial-who", onchange: () => void this.#read() });
    this.at = element("input", { id: "trial-at", type: "datetime-local", "data-testid": "trial-at" });
    this.trigger = element(
      "select",
      { id: "trial-trigger", "data-testid": "trial-trigger" },
      ...TRIGGERS.map((trigger) => element("option", { value: trigger }, sayName("trigger", trigger))),
    );
    this.holes = element("ul", { class: "plans-holes", "data-testid": "holes" });
    this.dead = element("fieldset", { class: "plans-choices", "data-testid": "trial-dead" });
    this.asleep = element("fieldset", { class: "plans-choices", "data-testid": "trial-asleep" });
    this.found = element("div", { class: "plans-found", "aria-live": "polite", "data-testid": "found" });
    this.complaint = element("p", { class: "problem", role: "alert" });
    /** A plan's text that is not saved, in the place of the plan that holds. @type {string | null} */
    this.text = null;
    /** Whose plan the choices stand for. @type {string | null} */
    this.shown = null;
    /** How often a plan was asked for: an answer that comes late does not replace a newer one. */
    this.asked = 0;
    this.draft = element("p", { class: "plans-warn plans-row", hidden: true, "data-testid": "trial-draft" });
    this.button = element(
      "button",
      { type: "submit", class: "primary", "data-testid": "trial-go" },
      say("plans.show"),
    );
    this.form = element(
      "form",
      { class: "card plans-form", hidden: true },
      this.draft,
      field("trial-who", say("plans.who"), this.who),
      this.holes,
      field("trial-at", say("plans.at"), this.at),
      field("trial-trigger", say("plans.trigger"), this.trigger),
      this.dead,
      this.asleep,
      this.button,
      this.complaint,
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#run();
    });
    this.node = element(
      "section",
      { "aria-labelledby": "plans-trial" },
      element("h2", { id: "plans-trial" }, say("plans.trial")),
      element("p", { class: "muted" }, say("plans.trial_hint")),
      this.form,
      this.found,
    );
  }

  async read() {
    try {
      const { people } = await get("/v1/people?limit=200");
      for (const person of people) this.#offer(person);
    } catch (error) {
      // Whoever may not list people tries the plans that are open.
      if (!(error instanceof Problem) || error.status !== 403) throw error;
    }
    if (this.who.options.length > 0) await this.#read();
  }

  /**
   * Tries a text that is not saved yet.
   * @param {string} text @param {string} person
   * @returns {Promise<Problem | null>} what is wrong with the text
   */
  async tryText(text, person) {
    try {
      await post(`/v1/people/${person}/plan/simulation`, { policy: text });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return error;
    }
    this.who.value = person;
    await this.#read();
    this.#follow(text);
    this.form.scrollIntoView({ block: "start" });
    await this.#run();
    this.button.focus({ preventScroll: true });
    return null;
  }

  /** @param {string | null} text null: the plan that holds */
  #follow(text) {
    this.text = text;
    this.draft.hidden = text === null;
    const back = element(
      "button",
      { type: "button", class: "small", "data-testid": "trial-kept", onclick: () => (this.#follow(null), this.who.focus()) },
      say("plans.follow_kept"),
    );
    fill(this.draft, element("span", {}, say("plans.follows_draft")), back);
  }

  /** @param {Person} person */
  async choose(person) {
    this.#offer(person);
    this.who.value = person.id;
    this.#follow(null);
    await this.#read();
    this.who.focus();
    this.form.scrollIntoView({ block: "start" });
  }

  /** Teams or plans have changed: what is open is read anew. */
  async again() {
    if (this.who.options.length > 0) await this.#read();
  }

  /** @param {Person} person */
  #offer(person) {
    if ([...this.who.options].some((option) => option.value === person.id)) return;
    this.who.append(element("option", { value: person.id }, person.name));
  }

  async #read() {
    fill(this.found);
    fill(this.complaint);
    this.form.hidden = false;
    const person = this.who.value;
    this.asked += 1;
    const mine = this.asked;
    // Somebody else's channels and contacts are no choice; the same person's stay while they are read anew.
    if (person !== this.shown) this.#offerChoices(false);
    try {
      /** @type {Plan} */
      const plan = await get(`/v1/people/${person}/plan`);
      if (mine !== this.asked) return;
      if (person !== this.shown) [this.dead, this.asleep].forEach((choices) => fill(choices));
      this.shown = person;
      fill(
        this.holes,
        ...(plan.holes.length > 0
          ? plan.holes.map((hole) => element("li", {}, holeWords(hole)))
          : [element("li", { class: "plans-fine" }, say("plans.no_hole"))]),
      );
      offer(
        this.dead,
        say("plans.dead"),
        plan.channels.map((channel) => [channel, sayName("channel", channel)]),
      );
      offer(
        this.asleep,
        say("plans.asleep"),
        plan.recipients.map((one) => [one.recipient, recipientWords(one)]),
      );
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (mine !== this.asked) return;
      complain(this.complaint, error);
      if (person !== this.shown) [this.dead, this.asleep].forEach((choices) => fill(choices));
    }
    this.#offerChoices(true);
  }

  /** @param {boolean} offered */
  #offerChoices(offered) {
    for (const control of [this.dead, this.asleep, this.button]) control.disabled = !offered;
  }

  async #run() {
    const body = {
      trigger: this.trigger.value,
      dead: chosen(this.dead),
      asleep: chosen(this.asleep),
      ...(this.at.value ? { at: new Date(this.at.value).toISOString() } : {}),
      ...(this.text === null ? {} : { policy: this.text }),
    };
    /** @type {Found | null} */
    const found = await act(this.button, this.complaint, `/v1/people/${this.who.value}/plan/simulation`, body);
    if (!found) return;
    const first = found.first_told_seconds;
    fill(
      this.found,
      element(
        "p",
        { class: first === null ? "plans-verdict plans-nobody" : "plans-verdict", "data-testid": "verdict" },
        first === null ? say("plans.never") : say("plans.first", { time: duration(first * 1000) }),
      ),
      found.untold.length > 0 &&
        element("p", { class: "plans-warn" }, say("plans.untold", { names: found.untold.map(recipientWords).join(", ") })),
      element("ol", { class: "plans-timeline" }, ...found.timeline.map(line)),
    );
  }
}

/** @param {Told} told */
function line(told) {
  return element(
    "li",
    { class: `plans-line plans-${told.outcome}`, "data-testid": "told", "data-outcome": told.outcome },
    element("span", { class: "numbers" }, duration(told.after_seconds * 1000)),
    element("time", { datetime: told.at, class: "muted numbers" }, clockTime(told.at, { seconds: true })),
    element("strong", {}, recipientWords(told)),
    element("span", {}, sayName("channel", told.channel)),
    element("span", { class: "plans-outcome" }, say(`plans.outcome.${told.outcome}`)),
  );
}

/** @param {string} id @param {string} words @param {HTMLElement} control */
function field(id, words, control) {
  return element("div", { class: "plans-field" }, element("label", { for: id }, words), control);
}

/**
 * What is ticked stays ticked where it is still a choice: a plan is read anew whenever a team has changed.
 * @param {HTMLFieldSetElement} choices @param {string} legend @param {[value: string, words: string][]} offered
 */
function offer(choices, legend, offered) {
  const ticked = chosen(choices);
  fill(
    choices,
    element("legend", {}, legend),
    ...offered.map(([value, words]) => {
      const box = element("input", { type: "checkbox", value, checked: ticked.includes(value) });
      return element("label", { class: "choice" }, box, words);
    }),
  );
}

/** @param {HTMLFieldSetElement} choices */
function chosen(choices) {
  return [...choices.querySelectorAll("input")].filter((box) => box.checked).map((box) => box.value);
}
