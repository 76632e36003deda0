/** Who takes turns, in which order: moved up and down and taken out by buttons, each with the member's name. */

import { say } from "../desk/wording.js";
import { element, fill, write } from "../shared/element.js";
import { staffOptions } from "./fields.js";
import { nameOf } from "./team.js";

/** @typedef {import("./team.js").Member} Member */

export class OrderedMembers {
  /** @param {string[]} members @param {Member[]} staff @param {() => void} changed */
  constructor(members, staff, changed) {
    this.members = [...members];
    this.staff = staff;
    this.changed = changed;
    this.list = element("ol", { class: "plans-order", "data-testid": "order" });
    this.said = element("p", { class: "visually-hidden", role: "status" });
    this.choice = element(
      "select",
      { "data-testid": "add-member", onchange: () => this.#add() },
      ...staffOptions(staff, { value: "", words: say("team.add_member") }),
    );
    this.node = element("div", { class: "plans-field" }, this.list, this.said);
    this.#draw();
  }

  #add() {
    if (!this.choice.value) return;
    this.members.push(this.choice.value);
    this.#tell(this.choice.value, this.members.length);
    this.choice.value = "";
    this.#draw();
    this.changed();
  }

  /** @param {number} from @param {number} by @param {string} button */
  #move(from, by, button) {
    const [one] = this.members.splice(from, 1);
    if (one === undefined) return;
    const to = from + by;
    this.members.splice(to, 0, one);
    this.#tell(one, to + 1);
    this.#draw();
    this.#focus(to, button);
    this.changed();
  }

  /** @param {number} at */
  #drop(at) {
    this.members.splice(at, 1);
    this.#draw();
    this.#focus(Math.min(at, this.members.length - 1), "drop");
    this.changed();
  }

  /** @param {string} one @param {number} place */
  #tell(one, place) {
    write(this.said, say("team.place", { name: nameOf(this.staff, one), place, count: this.members.length }));
  }

  /** @param {number} at @param {string} button */
  #focus(at, button) {
    const row = this.list.children[at];
    const found = row?.querySelector(`[data-does="${button}"]:not([disabled])`) ?? row?.querySelector("button:not([disabled])");
    if (found instanceof HTMLElement) found.focus();
    else this.choice.focus();
  }

  #draw() {
    const last = this.members.length - 1;
    fill(
      this.list,
      ...this.members.map((one, at) =>
        element(
          "li",
          { class: "plans-row" },
          element("span", {}, `${at + 1}. ${nameOf(this.staff, one)}`),
          element(
            "span",
            { class: "plans-moves" },
            this.#button("up", "↑", one, at === 0, () => this.#move(at, -1, "up")),
            this.#button("down", "↓", one, at === last, () => this.#move(at, 1, "down")),
            this.#button("drop", "×", one, false, () => this.#drop(at)),
          ),
        ),
      ),
    );
  }

  /** @param {string} does @param {string} sign @param {string} one @param {boolean} disabled @param {() => void} onclick */
  #button(does, sign, one, disabled, onclick) {
    const words = say(`team.${does}`, { name: nameOf(this.staff, one) });
    return element(
      "button",
      { type: "button", class: "small", "data-does": does, "aria-label": words, title: words, disabled, onclick },
      sign,
    );
  }
}
