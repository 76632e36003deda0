/** At which hours a rotation counts: days of the week with from and to. None: at all hours. */

import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { DAYS, dayName } from "../desk/weekdays.js";
import { Fields } from "./fields.js";

/**
 * @typedef {import("./team.js").Hours} Hours
 * @typedef {{node: HTMLElement, fields: Fields, boxes: HTMLInputElement[], start: HTMLInputElement, end: HTMLInputElement,
 *   fault: HTMLElement}} Row
 */

export class HoursFields {
  /**
   * @param {Hours[]} hours
   * @param {() => void} changed
   * @param {{about?: string, start?: string, end?: string}} [wish] the keys of the words that say what for; what is
   *   offered first
   */
  constructor(hours, changed, { about = "team", start = "18:00", end = "08:00" } = {}) {
    this.changed = changed;
    this.about = about;
    this.first = { days: DAYS, start, end };
    /** @type {Row[]} */
    this.rows = hours.map((one) => this.#row(one));
    this.list = element("div", { class: "plans-field" });
    this.more = element(
      "button",
      { type: "button", class: "small", "data-testid": "add-hours", onclick: () => this.#add() },
    );
    this.node = element(
      "div",
      { class: "plans-field" },
      element("p", { class: "label" }, say(`${about}.hours`)),
      this.list,
      this.more,
    );
    this.#draw();
  }

  #add() {
    const row = this.#row(this.first);
    this.rows.push(row);
    this.#draw();
    row.start.focus();
    this.changed();
  }

  #draw() {
    const all = element("p", { class: "muted" }, say(`${this.about}.all_hours`));
    fill(this.more, say(this.rows.length > 0 ? "team.more_hours" : `${this.about}.add_hours`));
    fill(this.list, ...(this.rows.length > 0 ? this.rows.map((row) => row.node) : [all]));
  }

  /** @param {Hours} hours @returns {Row} */
  #row(hours) {
    const fields = new Fields();
    const boxes = DAYS.map((day) => {
      const box = element("input", { type: "checkbox", value: day });
      box.checked = hours.days.includes(day);
      return box;
    });
    const start = element("input", { type: "time", value: hours.start, "data-testid": "hours-start" });
    const end = element("input", { type: "time", value: hours.end, "data-testid": "hours-end" });
    const fault = element("p", { class: "problem plans-fault", role: "alert" });
    const node = element(
      "fieldset",
      { class: "plans-hours", "data-testid": "hours" },
      element("legend", { class: "visually-hidden" }, say(`${this.about}.hours`)),
      element(
        "div",
        { class: "plans-days" },
        ...boxes.map((box, number) => element("label", { class: "choice" }, box, dayName(number, "short"))),
      ),
      element(
        "div",
        { class: "plans-pair" },
        fields.add("start", say("team.from"), start),
        fields.add("end", say("team.to"), end),
      ),
      fault,
      element(
        "button",
        { type: "button", class: "small", onclick: () => this.#drop(row) },
        say("team.drop_hours"),
      ),
    );
    /** @type {Row} */
    const row = { node, fields, boxes, start, end, fault };
    return row;
  }

  /** @param {Row} row */
  #drop(row) {
    this.rows = this.rows.filter((one) => one !== row);
    this.#draw();
    this.more.focus();
    this.changed();
  }

  /** Whether it can be sent; what is missing is told at its place. */
  complete() {
    for (const row of this.rows) {
      row.fields.clear();
      fill(row.fault);
      if (!row.start.value) return !row.fields.fault("start", say("team.needs_time"));
      if (!row.end.value) return !row.fields.fault("end", say("team.needs_time"));
      if (!row.boxes.some((box) => box.checked)) {
        fill(row.fault, say("team.needs_day"));
        row.boxes[0]?.focus();
        return false;
      }
    }
    return true;
  }

  /** @returns {Hours[]} */
  body() {
    return this.rows.map((row) => ({
      days: row.boxes.filter((box) => box.checked).map((box) => box.value),
      start: row.start.value,
      end: row.end.value,
    }));
  }
}
