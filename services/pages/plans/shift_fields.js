/** One shift: who, from when until when, by this computer's clock. */

import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { Fields, instantOf, localOf, staffOptions } from "./fields.js";

/** @typedef {import("./team.js").Shift} Shift */

export class ShiftFields {
  /**
   * @param {Shift} shift with empty texts where nothing is chosen yet
   * @param {import("./team.js").Member[]} staff
   * @param {() => void} dropped
   */
  constructor(shift, staff, dropped) {
    this.fields = new Fields();
    this.who = element("select", { "data-testid": "shift-who" }, ...staffOptions(staff, { value: "", words: say("team.choose") }));
    this.who.value = shift.staff;
    this.since = element("input", { type: "datetime-local", "data-testid": "shift-since" });
    this.until = element("input", { type: "datetime-local", "data-testid": "shift-until" });
    if (shift.since) this.since.value = localOf(shift.since);
    if (shift.until) this.until.value = localOf(shift.until);
    this.legend = element("legend", {});
    this.node = element(
      "fieldset",
      { class: "plans-part", "data-testid": "shift" },
      this.legend,
      this.fields.add("staff", say("team.who"), this.who),
      element(
        "div",
        { class: "plans-pair" },
        this.fields.add("since", say("team.from"), this.since),
        this.fields.add("until", say("team.to"), this.until),
      ),
      element(
        "button",
        { type: "button", class: "small danger", "data-testid": "drop-shift", onclick: dropped },
        say("team.drop_shift"),
      ),
    );
  }

  /** @param {number} number */
  count(number) {
    fill(this.legend, say("team.shift", { number }));
  }

  /** Whether it can be sent; what is missing is told at its place. */
  complete() {
    this.fields.clear();
    if (!this.who.value) return !this.fields.fault("staff", say("team.needs_member"));
    return completeSpan(this.fields, this.since, this.until);
  }

  /** @returns {Shift} */
  body() {
    return { staff: this.who.value, since: instantOf(this.since.value), until: instantOf(this.until.value) };
  }
}

/** @param {Fields} fields @param {HTMLInputElement} since @param {HTMLInputElement} until */
export function completeSpan(fields, since, until) {
  if (!since.value) return !fields.fault("since", say("team.needs_time"));
  if (!until.value) return !fields.fault("until", say("team.needs_time"));
  if (until.value <= since.value) return !fields.fault("until", say("team.ends_early"));
  return true;
}
