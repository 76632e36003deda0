/** Choosing one of the people; where there are many, a name that is typed narrows the list. */

import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";

/** @typedef {{id: string, name: string}} Person */

const MANY = 12;
/** So long nothing is typed before what was found is shown. */
const PAUSE = 250;

export class PersonFinder {
  /** @param {string} id of the list; also its test id @param {string} label @param {() => void} chosen */
  constructor(id, label, chosen) {
    this.chosen = chosen;
    /** @type {Person[]} */
    this.people = [];
    /** @type {number | undefined} */
    this.waiting = undefined;
    this.sought = element("input", {
      type: "search",
      autocomplete: "off",
      hidden: true,
      placeholder: say("contacts.find"),
      "aria-label": say("contacts.find"),
      "data-testid": `${id}-find`,
      oninput: () => this.#seek(),
    });
    this.list = element("select", { id, "data-testid": id, onchange: chosen });
    this.said = element("p", { class: "muted", role: "status" });
    this.node = element("div", { class: "plans-field" }, element("label", { for: id }, label), this.sought, this.list, this.said);
  }

  /** @param {Person[]} people */
  show(people) {
    this.people = people;
    this.sought.hidden = people.length <= MANY;
    this.#draw(people);
  }

  /** @returns {Person} */
  get person() {
    return { id: this.list.value, name: this.list.selectedOptions[0]?.textContent ?? "" };
  }

  #seek() {
    const sought = plain(this.sought.value.trim());
    const found = this.people.filter((person) => plain(person.name).includes(sought));
    if (found.length === 0) {
      fill(this.said, say("contacts.find_none"));
      return;
    }
    const before = this.list.value;
    this.#draw(found);
    fill(this.said, say("contacts.found", { count: found.length, name: this.person.name }));
    if (this.list.value === before) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(this.chosen, PAUSE);
  }

  /** @param {Person[]} people */
  #draw(people) {
    const before = this.list.value;
    fill(this.list, ...people.map((person) => element("option", { value: person.id }, person.name)));
    if (people.some((person) => person.id === before)) this.list.value = before;
  }
}

/** Without regard to capitals and accents. @param {string} words */
function plain(words) {
  return words.normalize("NFKD").replaceAll(/\p{Mn}/gu, "").toLocaleLowerCase();
}
