/** Whom a person trusts: who has agreed, in which order and by which ways they are told, and what they do. */

import { act, actBy } from "../desk/act.js";
import { Problem, get, list } from "../desk/api.js";
import { clockTime, now } from "../desk/clock.js";
import { hoursWords } from "../desk/weekdays.js";
import { languageName, say, sayName } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { ask } from "./ask.js";
import { contactsPath } from "./contact.js";
import { ContactDialog } from "./contact_dialog.js";
import { PersonFinder } from "./person_finder.js";

/**
 * @typedef {import("./contact.js").Contact} Contact
 * @typedef {import("./contact.js").Method} Method
 * @typedef {import("./person_finder.js").Person} Person
 */

export class Contacts {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {string[]} */
    this.languages = ["en"];
    this.who = new PersonFinder("contacts-who", say("contacts.who"), () => void this.#read());
    this.list = element("ol", { class: "plans-cards", "data-testid": "contacts" });
    this.made = element("div", { class: "plans-made", role: "status", hidden: true, "data-testid": "contact-made" });
    this.complaint = element("p", { class: "problem", role: "alert" });
    this.add = element(
      "button",
      { type: "button", "data-testid": "new-contact", "data-focus": "new", onclick: () => this.#open(null) },
      say("contacts.new"),
    );
    this.node = element(
      "section",
      { "aria-labelledby": "plans-contacts" },
      element("h2", { id: "plans-contacts" }, say("contacts.title")),
      element("p", { class: "muted" }, say("contacts.hint")),
      this.who.node,
      this.made,
      this.list,
      this.complaint,
      this.add,
    );
  }

  async read() {
    try {
      /** @type {[Person[], {languages: string[], neutral: string[]}]} */
      const [people, { languages, neutral }] = await Promise.all([list("/v1/people", "people"), get("/v1/wording")]);
      this.languages = [...languages, ...neutral];
      this.who.show(people);
      this.add.disabled = people.length === 0;
      if (people.length > 0) await this.#read();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.complaint, error.words);
    }
  }

  /** @param {string} [focus] what was touched last, by its `data-focus` */
  async #read(focus) {
    fill(this.complaint);
    if (!focus) {
      this.made.hidden = true;
      fill(this.list);
    }
    const { id } = this.who.person;
    try {
      /** @type {{contacts: Contact[]}} */
      const { contacts } = await get(contactsPath(id));
      // Somebody else may have been chosen meanwhile: nobody's contacts stand under another's name.
      if (id !== this.who.person.id) return;
      const ordered = [...contacts].sort((a, b) => a.order - b.order);
      fill(
        this.list,
        ...(ordered.length > 0
          ? ordered.map((_, place) => this.#card(ordered, place))
          : [element("li", { class: "muted" }, say("contacts.none"))]),
      );
      if (!focus) return;
      const found = [...this.node.querySelectorAll("[data-focus]:not([disabled])")];
      const kept = found.find((one) => one.getAttribute("data-focus") === focus) ?? this.add;
      if (kept instanceof HTMLElement) kept.focus({ preventScroll: true });
      this.changed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.complaint, error.words);
    }
  }

  /** @param {Contact | null} contact */
  #open(contact) {
    new ContactDialog(this.who.person, contact, this.languages, (made, name) => {
      this.#showMade(made, name);
      void this.#read(contact ? `edit ${contact.id}` : "new");
    });
  }

  /** What is shown this once: the invitation's link, and secrets of webhooks. @param {import("./contact.js").Made} made @param {string} name */
  #showMade({ confirm_url: link, methods = [] }, name) {
    const secrets = methods.flatMap(({ secret }) => (secret ? [secret] : []));
    this.made.hidden = !link && secrets.length === 0;
    fill(
      this.made,
      link ? element("p", {}, say("contacts.made", { name })) : null,
      link ? element("code", { class: "plans-once", "data-testid": "confirm-url" }, link) : null,
      ...secrets.flatMap((secret) => [
        element("p", {}, say("contacts.secret")),
        element("code", { class: "plans-once" }, secret),
      ]),
    );
  }

  /** @param {Contact[]} contacts @param {number} place */
  #card(contacts, place) {
    const contact = /** @type {Contact} */ (contacts[place]);
    /** @param {string} what @param {string} words @param {() => void} does @param {{sign?: string, disabled?: boolean}} [more] */
    const button = (what, words, does, { sign, disabled = false } = {}) =>
      element(
        "button",
        {
          type: "button",
          class: what === "delete" ? "small danger" : "small",
          "data-testid": `contact-${what}`,
          "data-focus": `${what} ${contact.id}`,
          "aria-label": sign ? words : `${words}: ${contact.name}`,
          title: sign ? words : null,
          disabled,
          onclick: does,
        },
        sign ?? words,
      );
    const up = button("up", say("team.up", { name: contact.name }), () => void this.#move(up, contacts, place, -1, "up"), {
      sign: "↑",
      disabled: place === 0,
    });
    const down = button("down", say("team.down", { name: contact.name }), () => void this.#move(down, contacts, place, 1, "down"), {
      sign: "↓",
      disabled: place === contacts.length - 1,
    });
    return element(
      "li",
      { class: "card plans-card", "data-testid": "contact" },
      element("div", { class: "plans-row" }, element("h3", {}, `${place + 1}. ${contact.name}`), agreed(contact)),
      element(
        "p",
        { class: "muted" },
        [
          contact.job ? say(`contacts.job.${contact.job}`) : null,
          say("contacts.sees_of", { what: say(`contacts.sees.${contact.sees}`) }),
          languageName(contact.language),
        ]
          .filter(Boolean)
          .join(" · "),
      ),
      contact.unheard_since ? element("p", { class: "plans-warn" }, say("contacts.unheard")) : null,
      contact.consent === "pending" ? invitedLine(contact.invited) : null,
      element("ul", { class: "plans-turns" }, ...contact.methods.map(wayLine)),
      element(
        "div",
        { class: "plans-buttons" },
        button("edit", say("contacts.edit"), () => this.#open(contact)),
        contact.consent === "pending" ? this.#invite(contact, button) : null,
        up,
        down,
        button("delete", say("contacts.delete"), () => this.#askDelete(contact)),
      ),
    );
  }

  /**
   * @param {Contact} contact
   * @param {(what: string, words: string, does: () => void) => HTMLButtonElement} button
   */
  #invite(contact, button) {
    const words = say(contact.invited?.state === "queued" ? "contacts.invite_now" : "contacts.invite_again");
    const path = `/v1/contacts/${contact.id}/invitation`;
    const made = button("invite", words, async () => {
      if (await act(made, this.complaint, path, {})) await this.#read(`invite ${contact.id}`);
    });
    return made;
  }

  /** @param {HTMLButtonElement} button @param {Contact[]} contacts @param {number} from @param {number} by @param {string} what */
  async #move(button, contacts, from, by, what) {
    const order = [...contacts];
    const [moved] = order.splice(from, 1);
    if (!moved) return;
    order.splice(from + by, 0, moved);
    for (const [place, contact] of order.entries()) {
      if (contact.order === place + 1) continue;
      const path = `/v1/contacts/${contact.id}`;
      if (!(await actBy("PATCH", button, this.complaint, path, { order: place + 1 }))) return;
    }
    await this.#read(`${what} ${moved.id}`);
  }

  /** @param {Contact} contact */
  #askDelete(contact) {
    const dialog = ask({
      name: "contact-delete",
      title: say("contacts.delete_title", { name: contact.name }),
      confirm: say("contacts.delete"),
      danger: true,
      parts: [element("p", {}, say("contacts.delete_hint"))],
      request: () => ({ method: "DELETE", path: `/v1/contacts/${contact.id}` }),
      done: () => void this.#read("new"),
    });
    // What cannot be taken back is not under the finger that opened it.
    const back = dialog.querySelector('[data-testid="dialog-back"]');
    if (back instanceof HTMLElement) back.focus();
  }
}

/** @param {Contact} contact */
function agreed({ consent }) {
  const look = consent === "confirmed" ? "plans-fine" : consent === "declined" ? "plans-nobody" : "muted";
  return element("span", { class: look, "data-testid": "consent", "data-consent": consent }, say(`contacts.consent.${consent}`));
}

/** @param {import("./contact.js").Invited | null} invited */
function invitedLine(invited) {
  const known = { read: "delivered", void: "failed" };
  const told = invited ? (known[/** @type {keyof typeof known} */ (invited.state)] ?? invited.state) : "none";
  const state = told === "queued" && invited && Date.parse(invited.at) <= now() ? "sending" : told;
  const time = invited ? clockTime(invited.at) : "";
  const look = state === "failed" || state === "none" ? "plans-warn" : "muted";
  return element("p", { class: look, "data-testid": "invited", "data-state": state }, say(`contacts.invited.${state}`, { time }));
}

/** @param {Method} method */
function wayLine({ channel, address, safety, hours, deliverable, closed_at: closed }) {
  const more = [
    safety ? say("contacts.read_by", { who: say(`contacts.safety.${safety}`) }) : null,
    hours.length > 0 ? say("contacts.hours_of", { hours: hoursWords(hours) }) : null,
  ].filter(Boolean);
  const barred = safety === "monitored" || closed || !deliverable;
  const why = closed ? "closed" : safety === "monitored" ? null : deliverable ? null : "unreachable";
  return element(
    "li",
    {},
    element("strong", {}, `${sayName("channel", channel)} `),
    element(barred ? "s" : "span", { class: "numbers plans-address" }, address),
    more.length > 0 ? element("span", { class: "muted" }, ` · ${more.join(" · ")}`) : null,
    why ? element("span", { class: "plans-nobody" }, ` · ${say(`contacts.${why}`)}`) : null,
  );
}
