/** The plans in which the last check has found something open. */

import { act } from "../desk/act.js";
import { Problem, get } from "../desk/api.js";
import { clockTime } from "../desk/clock.js";
import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { holeWords } from "./holes.js";

/**
 * @typedef {{id: string, name: string}} Person
 * @typedef {{person: Person, since: string, holes: import("./holes.js").Hole[]}} OpenPlan
 */

/** How long a check of a small agency takes, before the list is read again. */
const LOOK_AGAIN = 1_500;

export class OpenPlans {
  /** @param {(person: Person) => void} chosen */
  constructor(chosen) {
    this.chosen = chosen;
    this.list = element("ul", { class: "plans-open", "data-testid": "open-plans" });
    this.complaint = element("p", { class: "problem", role: "alert" });
    this.button = element(
      "button",
      { type: "button", "data-testid": "check", onclick: () => void this.#check() },
      say("plans.check"),
    );
    this.node = element(
      "section",
      { "aria-labelledby": "plans-open" },
      element("h2", { id: "plans-open" }, say("plans.open")),
      element("p", { class: "muted" }, say("plans.open_hint")),
      this.list,
      this.button,
      this.complaint,
    );
  }

  async read() {
    try {
      const { plans } = await get("/v1/plans/open");
      this.#draw(plans);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.complaint, error.words);
    }
  }

  async #check() {
    if (!(await act(this.button, this.complaint, "/v1/plans/check", {}))) return;
    setTimeout(() => void this.read(), LOOK_AGAIN);
  }

  /** @param {OpenPlan[]} plans */
  #draw(plans) {
    fill(
      this.list,
      ...(plans.length > 0
        ? plans.map((plan) => this.#row(plan))
        : [element("li", { class: "muted" }, say("plans.none_open"))]),
    );
  }

  /** @param {OpenPlan} plan */
  #row(plan) {
    return element(
      "li",
      { class: "card plans-card", "data-testid": "open-plan" },
      element(
        "div",
        { class: "plans-row" },
        element("h3", {}, plan.person.name),
        element("span", { class: "muted" }, say("plans.since", { time: clockTime(plan.since) })),
        element(
          "button",
          { type: "button", class: "small", "data-testid": "try", onclick: () => this.chosen(plan.person) },
          say("plans.try_this"),
        ),
      ),
      element("ul", { class: "plans-holes" }, ...plan.holes.map((hole) => element("li", {}, holeWords(hole)))),
    );
  }
}
