/** Adding and changing a contact; what is not saved yet is there again when the dialog is opened again. */

import { draftOf, forgetDraft, setDraft } from "../desk/drafts.js";
import { languageName, say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { ask } from "./ask.js";
import { JOBS, SEES, contactsPath, newWay } from "./contact.js";
import { Fields } from "./fields.js";
import { WayFields } from "./way_fields.js";

/**
 * @typedef {import("./contact.js").Contact} Contact
 * @typedef {import("./contact.js").ContactDraft} ContactDraft
 */

export class ContactDialog {
  /**
   * @param {{id: string, name: string}} person whose contact it is
   * @param {Contact | null} contact null: a new one
   * @param {string[]} languages
   * @param {(made: import("./contact.js").Made, name: string) => void} saved
   */
  constructor(person, contact, languages, saved) {
    this.person = person;
    this.contact = contact;
    this.draft = `contact ${person.id} ${contact?.id ?? ""}`;
    this.fields = new Fields();
    this.name = element("input", { type: "text", maxlength: 200, autocomplete: "off", "data-testid": "contact-name" });
    const known = contact && !languages.includes(contact.language) ? [...languages, contact.language] : languages;
    this.language = this.#choice("contact-language", known.map((code) => [code, languageName(code)]));
    this.job = this.#choice("contact-job", [["", say("contacts.job.none")], ...JOBS.map((job) => pair("job", job))]);
    this.sees = this.#choice("contact-sees", SEES.map((sees) => pair("sees", sees)));
    this.how = element("input", { type: "text", maxlength: 200, autocomplete: "off", "data-testid": "contact-how" });
    this.ways = element("div", { class: "plans-parts" });
    /** @type {WayFields[]} */
    this.wayFields = [];
    this.kept = element("p", { class: "plans-warn", hidden: true, "data-testid": "taken-up" });
    const before = draftOf(this.draft);
    this.#show(before ? JSON.parse(before) : this.#known());
    this.#takenUp(before !== "");
    const agreed = contact?.consent === "confirmed";
    this.dialog = ask({
      name: "contact",
      title: contact ? say("contacts.edit_title", { name: contact.name }) : say("contacts.new_title", { name: person.name }),
      confirm: say("contacts.save"),
      parts: [
        this.kept,
        this.fields.add("name", say("contacts.name"), this.name),
        element(
          "div",
          { class: "plans-pair" },
          this.fields.add("language", say("contacts.language"), this.language),
          this.fields.add("sees", say("contacts.sees"), this.sees),
          this.fields.add("job", say("contacts.job"), this.job),
        ),
        element("h3", {}, say("contacts.ways")),
        element("p", { class: "muted" }, say("contacts.ways_hint")),
        this.ways,
        this.#more(),
        ...(agreed ? [] : [this.fields.add("how", say("contacts.how"), this.how, say("contacts.how_hint"))]),
      ],
      request: () => this.#request(),
      take: (problem) => {
        const errors = problem.body.errors ?? [];
        return errors.length > 0 && errors.every(({ field, message }) => this.#fault(field, message));
      },
      done: (made) => {
        forgetDraft(this.draft);
        saved(made, this.name.value.trim());
      },
    });
    this.dialog.classList.add("plans-wide");
    this.dialog.addEventListener("input", () => this.#changed());
  }

  /** @returns {ContactDraft} */
  #known() {
    const { name, language, sees, job, methods } = this.contact ?? {
      ...{ name: "", language: "en", sees: "message", job: null, methods: [newWay()] },
    };
    return { name, language, sees, job, how: "", methods };
  }

  /** @param {ContactDraft} draft */
  #show(draft) {
    this.name.value = draft.name;
    this.language.value = draft.language;
    this.sees.value = draft.sees;
    this.job.value = draft.job ?? "";
    this.how.value = draft.how;
    this.wayFields = [];
    fill(this.ways);
    for (const way of draft.methods) this.#add(way);
  }

  /** @param {boolean} so */
  #takenUp(so) {
    this.kept.hidden = !so;
    const away = () => {
      forgetDraft(this.draft);
      this.#show(this.#known());
      this.kept.hidden = true;
      this.name.focus();
    };
    fill(
      this.kept,
      say("team.taken_up"),
      " ",
      element("button", { type: "button", class: "small", "data-testid": "throw-away", onclick: away }, say("team.throw_away")),
    );
  }

  /** @param {string} testid @param {string[][]} options value and words */
  #choice(testid, options) {
    return element(
      "select",
      { "data-testid": testid },
      ...options.map(([value = "", words = ""]) => element("option", { value }, words)),
    );
  }

  #more() {
    const add = () => {
      this.#add(newWay()).address.focus();
      this.#changed();
    };
    return element("button", { type: "button", class: "small", "data-testid": "add-way", onclick: add }, say("contacts.add_way"));
  }

  /** @param {import("./contact.js").Way} way */
  #add(way) {
    const made = new WayFields(way, {
      changed: () => this.#changed(),
      dropped: () => {
        this.wayFields = this.wayFields.filter((one) => one !== made);
        made.node.remove();
        this.#count();
        const next = this.dialog.querySelector('[data-testid="add-way"]');
        if (next instanceof HTMLElement) next.focus();
        this.#changed();
      },
    });
    this.wayFields.push(made);
    this.ways.append(made.node);
    this.#count();
    return made;
  }

  #count() {
    this.wayFields.forEach((one, number) => one.count(number + 1));
  }

  #changed() {
    setDraft(this.draft, JSON.stringify(this.#draftNow()));
  }

  /** @returns {ContactDraft} */
  #draftNow() {
    return {
      name: this.name.value.trim(),
      language: this.language.value,
      sees: this.sees.value,
      job: this.job.value || null,
      how: this.how.value.trim(),
      methods: this.wayFields.map((one) => one.body()),
    };
  }

  #request() {
    this.fields.clear();
    const { how, ...body } = this.#draftNow();
    if (!body.name) {
      this.fields.fault("name", say("contacts.needs_name"));
      return null;
    }
    if (this.wayFields.length === 0) this.#add(newWay());
    if (!this.wayFields.every((one) => one.complete())) return null;
    const whole = how ? { ...body, consent: { how } } : body;
    return this.contact
      ? { method: /** @type {const} */ ("PATCH"), path: `/v1/contacts/${this.contact.id}`, body: whole }
      : { method: /** @type {const} */ ("POST"), path: contactsPath(this.person.id), body: whole };
  }

  /** @param {string} field @param {string} message */
  #fault(field, message) {
    const [, number, rest = ""] = /^methods\[(\d+)\]\.(.*)$/.exec(field) ?? [];
    if (number === undefined) return this.fields.fault(field === "consent.how" ? "how" : field, message);
    return this.wayFields[Number(number)]?.fields.fault(rest, message) ?? false;
  }
}

/** @param {string} part @param {string} value */
function pair(part, value) {
  return [value, say(`contacts.${part}.${value}`)];
}
