/** Controls with their labels and hints, and each mistake told next to the control that it is about. */

import { element, fill } from "../shared/element.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

let made = 0;

export class Fields {
  constructor() {
    /** @type {Map<string, {control: Control, fault: HTMLElement}>} */
    this.all = new Map();
  }

  /**
   * @param {string} name as the service names it in its answers
   * @param {string} words
   * @param {Control} control
   * @param {string} [hint]
   */
  add(name, words, control, hint) {
    made += 1;
    control.id = `field-${made}`;
    const fault = element("p", { id: `fault-${made}`, class: "problem plans-fault", "data-testid": `fault-${name}` });
    const said = hint ? element("p", { id: `hint-${made}`, class: "hint muted" }, hint) : null;
    control.setAttribute("aria-describedby", [said?.id, fault.id].filter(Boolean).join(" "));
    this.all.set(name, { control, fault });
    control.addEventListener("input", () => quiet(control, fault));
    return element("div", { class: "plans-field" }, element("label", { for: control.id }, words), control, said, fault);
  }

  /** Another control takes the place of one. @param {string} name @param {Control} control */
  replace(name, control) {
    const found = this.all.get(name);
    if (!found) return;
    found.control = control;
    control.addEventListener("input", () => quiet(control, found.fault));
  }

  clear() {
    for (const { control, fault } of this.all.values()) {
      quiet(control, fault);
    }
  }

  /**
   * Tells a mistake next to its control, which gets the focus.
   * @param {string} name @param {string} words
   * @returns {boolean} false where there is no such control
   */
  fault(name, words) {
    // "members[2]" is told at "members".
    const found = this.all.get(name) ?? this.all.get(name.replace(/[[.].*$/, ""));
    if (!found) return false;
    found.control.setAttribute("aria-invalid", "true");
    fill(found.fault, words);
    found.control.focus();
    return true;
  }

  /** Takes an answer all of whose mistakes have a control here. @param {import("../desk/api.js").Problem} problem */
  take(problem) {
    const errors = problem.body.errors ?? [];
    const untold = errors.filter((error) => !this.fault(error.field, error.message));
    return errors.length > 0 && untold.length === 0;
  }
}

/** @param {Control} control @param {HTMLElement} fault */
function quiet(control, fault) {
  control.removeAttribute("aria-invalid");
  fill(fault);
}

/** @param {string} text the instant of a `datetime-local` by this computer's clock */
export function instantOf(text) {
  return text ? new Date(text).toISOString() : "";
}

/** @param {string} instant as a `datetime-local` takes it */
export function localOf(instant) {
  const moment = new Date(instant);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {{id: string, name: string}[]} staff @param {{value: string, words: string}} [first] */
export function staffOptions(staff, first) {
  return [
    first && element("option", { value: first.value }, first.words),
    ...staff.map((one) => element("option", { value: one.id }, one.name)),
  ];
}
