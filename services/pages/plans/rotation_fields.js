/** One rotation: who in which order, for how long each, from when, and at which hours. */

import { say } from "../desk/wording.js";
import { element, fill, write } from "../shared/element.js";
import { DAYS, dayName } from "../desk/weekdays.js";
import { dayOf, onDay, today } from "./days.js";
import { Fields } from "./fields.js";
import { HoursFields } from "./hours_fields.js";
import { OrderedMembers } from "./ordered_members.js";
import { nameOf } from "./team.js";

/** @typedef {import("./team.js").Rotation} Rotation */

/** @returns {Rotation} a week each, handed over on Monday morning */
export function newRotation() {
  return { members: [], begins: onDay(today(), 0), hand_over: "08:00", every: 1, unit: "weeks", hours: [] };
}

export class RotationFields {
  /**
   * @param {Rotation} rotation
   * @param {import("./team.js").Member[]} staff
   * @param {{changed: () => void, dropped: () => void}} does
   */
  constructor(rotation, staff, does) {
    this.staff = staff;
    this.changed = does.changed;
    this.fields = new Fields();
    this.members = new OrderedMembers(rotation.members, staff, () => this.#say());
    this.length = element(
      "select",
      { "data-testid": "length", oninput: () => this.#chooseLength() },
      ...["days", "weeks", "other"].map((value) => element("option", { value }, say(`team.length.${value}`))),
    );
    this.every = element("input", { type: "number", min: 1, max: 366, value: rotation.every, "data-testid": "every" });
    this.unit = element(
      "select",
      { "data-testid": "unit" },
      ...["hours", "days", "weeks"].map((value) => element("option", { value }, say(`team.unit.${value}`))),
    );
    this.unit.value = rotation.unit;
    this.length.value = rotation.every === 1 && rotation.unit !== "hours" ? rotation.unit : "other";
    this.day = element(
      "select",
      { "data-testid": "hand-over-day", oninput: () => this.#chooseDay() },
      ...DAYS.map((_, number) => element("option", { value: number }, dayName(number))),
    );
    this.begins = element("input", { type: "date", value: rotation.begins, "data-testid": "begins" });
    this.time = element("input", { type: "time", value: rotation.hand_over, "data-testid": "hand-over" });
    this.hours = new HoursFields(rotation.hours, () => this.#say());
    this.dayField = this.fields.add("day", say("team.hand_over_day"), this.day);
    this.everyFields = element(
      "div",
      { class: "plans-pair" },
      this.fields.add("every", say("team.every"), this.every),
      this.fields.add("unit", say("team.unit"), this.unit),
    );
    this.legend = element("legend", {});
    this.words = element("p", { class: "muted", "data-testid": "rotation-words" });
    this.node = element(
      "fieldset",
      { class: "plans-part", "data-testid": "rotation" },
      this.legend,
      element("p", { class: "label" }, say("team.order")),
      this.members.node,
      this.fields.add("members", say("team.member"), this.members.choice),
      this.fields.add("length", say("team.length"), this.length),
      this.everyFields,
      element(
        "div",
        { class: "plans-pair" },
        this.dayField,
        this.fields.add("hand_over", say("team.hand_over"), this.time),
        this.fields.add("begins", say("team.begins"), this.begins),
      ),
      this.hours.node,
      this.words,
      element(
        "button",
        { type: "button", class: "small danger", "data-testid": "drop-rotation", onclick: does.dropped },
        say("team.drop_rotation"),
      ),
    );
    this.node.addEventListener("input", () => this.#say());
    this.#say({ quietly: true });
  }

  /** @param {number} number */
  count(number) {
    fill(this.legend, say("team.rotation", { number }));
  }

  #chooseLength() {
    if (this.length.value === "other") return;
    this.unit.value = this.length.value;
    this.every.value = "1";
  }

  #chooseDay() {
    this.begins.value = onDay(this.begins.value || today(), Number(this.day.value));
  }

  #say({ quietly = false } = {}) {
    const weekly = this.unit.value === "weeks";
    this.everyFields.hidden = this.length.value !== "other";
    this.dayField.hidden = !weekly;
    if (this.begins.value) this.day.value = String(dayOf(this.begins.value));
    const [first] = this.members.members;
    const ready = first && this.begins.value && this.time.value;
    write(
      this.words,
      ready
        ? say(weekly ? "team.words_weekly" : "team.words", {
            day: dayName(dayOf(this.begins.value)),
            time: this.time.value,
            name: nameOf(this.staff, first),
            date: this.begins.value,
          })
        : "",
    );
    if (!quietly) this.changed();
  }

  /** Whether it can be sent; what is missing is told at its place. */
  complete() {
    this.fields.clear();
    if (this.members.members.length === 0) return !this.fields.fault("members", say("team.needs_member"));
    if (!this.begins.value) return !this.fields.fault("begins", say("team.needs_date"));
    if (!this.time.value) return !this.fields.fault("hand_over", say("team.needs_time"));
    if (!(Number(this.every.value) >= 1)) return !this.fields.fault("every", say("team.needs_number"));
    return this.hours.complete();
  }

  /** @returns {Rotation} */
  body() {
    return {
      members: this.members.members,
      begins: this.begins.value,
      hand_over: this.time.value,
      every: Number(this.every.value),
      unit: this.unit.value,
      hours: this.hours.body(),
    };
  }
}
