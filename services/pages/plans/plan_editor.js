/** A plan as text: mistakes with line and column, what would be open, and saving. What was typed stays until it is saved. */

import { act, actBy } from "../desk/act.js";
import { Problem, get } from "../desk/api.js";
import { draftOf, forgetDraft, keepDraft, setDraft } from "../desk/drafts.js";
import { say } from "../desk/wording.js";
import { element, fill, write } from "../shared/element.js";
import { Fields } from "./fields.js";
import { holeWords } from "./holes.js";
import { mistakeList, placeOf } from "./mistakes.js";

/** @typedef {{id: string, name: string}} Person */

const NEW = "";
/** The text that is being checked belongs to no name yet. */
const NAMELESS = "new";

export class PlanEditor {
  /** @param {(text: string, person: string) => Promise<Problem | null>} tryIt @param {() => void} saved */
  constructor(tryIt, saved) {
    this.tryIt = tryIt;
    this.saved = saved;
    this.standard = "";
    /** The names that are taken. @type {string[]} */
    this.names = [];
    /** The name that was chosen. @type {string | undefined} */
    this.opened = undefined;
    /** The text that was read, before anybody wrote at it. */
    this.base = "";
    this.fields = new Fields();
    this.which = element("select", { "data-testid": "policy-which", onchange: () => void this.#open(this.which.value) });
    this.name = element("input", { type: "text", maxlength: 64, autocomplete: "off", "data-testid": "policy-name" });
    this.name.addEventListener("input", () => setDraft(`policy name ${this.opened ?? NEW}`, this.name.value));
    this.text = this.#area();
    this.place = element("p", { class: "hint muted numbers", "data-testid": "place" });
    this.who = element("select", { "data-testid": "policy-who" }, element("option", { value: "" }, say("policy.nobodys")));
    this.result = element("div", { class: "plans-found", role: "status", "data-testid": "policy-result" });
    this.complaint = element("p", { class: "problem", role: "alert", "data-testid": "policy-problem" });
    this.check = this.#button("policy-check", say("policy.check"), () => this.#check());
    this.trial = this.#button("policy-try", say("policy.try"), () => this.#try());
    this.save = this.#button("policy-save", say("policy.save"), () => this.#save());
    this.save.classList.add("primary");
    this.area = this.fields.add("text", say("policy.text"), this.text, say("policy.text_hint"));
    // Nothing can be typed that a text still on its way would put aside.
    this.form = element(
      "fieldset",
      { class: "card plans-form plans-editor", disabled: true },
      element("legend", { class: "visually-hidden" }, say("policy.title")),
      element(
        "div",
        { class: "plans-pair" },
        this.fields.add("which", say("policy.which"), this.which),
        this.fields.add("name", say("policy.name"), this.name, say("policy.name_hint")),
      ),
      this.area,
      this.place,
      this.fields.add("who", say("policy.who"), this.who),
      element("div", { class: "plans-buttons" }, this.check, this.trial, this.save),
      this.complaint,
      this.result,
    );
    this.node = element(
      "section",
      { "aria-labelledby": "plans-text" },
      element("h2", { id: "plans-text" }, say("policy.title")),
      element("p", { class: "muted" }, say("policy.lead")),
      this.form,
    );
  }

  #area() {
    const area = element("textarea", {
      rows: 18,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      wrap: "off",
      class: "plans-text",
      "data-testid": "policy-text",
    });
    for (const event of ["input", "keyup", "click", "focus"]) area.addEventListener(event, () => this.#where());
    return area;
  }

  /** @param {string} testid @param {string} words @param {() => void} onclick */
  #button(testid, words, onclick) {
    return element("button", { type: "button", "data-testid": testid, onclick }, words);
  }

  async read() {
    const { people } = await get("/v1/people?limit=200");
    this.who.append(...people.map((/** @type {Person} */ one) => element("option", { value: one.id }, one.name)));
    await this.#list(null);
  }

  /** A team has another name: its plans say so, unless somebody is writing at this one. */
  async again() {
    if (this.opened !== undefined && draftOf(`policy ${this.opened}`) === "") await this.#open(this.opened);
  }

  /** @param {string | null} chosen null: the first */
  async #list(chosen) {
    const { policies, standard } = await get("/v1/policies");
    this.standard = standard;
    this.names = policies.map((/** @type {{name: string}} */ one) => one.name);
    fill(
      this.which,
      ...this.names.map((name) => element("option", { value: name }, name)),
      element("option", { value: NEW }, say("policy.new")),
    );
    if (chosen === null) await this.#open(this.which.value);
    else this.which.value = chosen;
  }

  /** @param {string} name */
  async #open(name) {
    this.#quiet();
    const draft = `policy ${name}`;
    const before = draftOf(draft);
    this.form.disabled = true;
    try {
      this.base = await this.#read(name);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.complaint, error.words);
      this.which.value = this.opened ?? NEW;
      return;
    } finally {
      this.form.disabled = false;
    }
    this.opened = name;
    this.name.value = draftOf(`policy name ${name}`) || name;
    // A field of its own for each plan, so that undoing never brings back another plan's text.
    const area = this.#area();
    for (const attribute of ["id", "aria-describedby"]) area.setAttribute(attribute, this.text.getAttribute(attribute) ?? "");
    this.text.replaceWith(area);
    this.text = area;
    this.fields.replace("text", area);
    keepDraft(area, draft);
    if (before === "") area.value = this.base;
    else fill(this.result, element("p", { class: "muted", "data-testid": "unsaved" }, say("policy.unsaved")));
    area.setSelectionRange(0, 0);
    this.#where();
  }

  /** @param {string} name @returns {Promise<string>} */
  async #read(name) {
    if (name === NEW) return this.standard.replace(/^name: .*\n/, "");
    return (await get(`/v1/policies/${encodeURIComponent(name)}/text`)).text;
  }

  #where() {
    const { line, column } = placeOf(this.text.value, this.text.selectionStart);
    write(this.place, say("policy.place", { line, column }));
  }

  #quiet() {
    this.fields.clear();
    fill(this.complaint);
    fill(this.result);
  }

  async #check() {
    this.#quiet();
    const query = this.who.value ? `?person=${this.who.value}` : "";
    const path = `/v1/policies/${encodeURIComponent(this.name.value.trim() || NAMELESS)}/check${query}`;
    const answer = await act(this.check, this.complaint, path, this.text.value, (problem) => this.#take(problem));
    if (!answer) return;
    /** @type {import("./holes.js").Hole[]} */
    const holes = answer.holes;
    fill(
      this.result,
      element("p", { class: "plans-fine" }, say("policy.no_mistake")),
      holes.length > 0
        ? element("ul", { class: "plans-holes", "data-testid": "policy-holes" }, ...holes.map((hole) => element("li", {}, holeWords(hole))))
        : element("p", { class: "plans-fine", "data-testid": "policy-fine" }, say("plans.no_hole")),
    );
  }

  async #try() {
    this.#quiet();
    if (!this.who.value) {
      this.fields.fault("who", say("policy.needs_who"));
      return;
    }
    const name = this.name.value.trim() || NAMELESS;
    const named = /^name:/m.test(this.text.value) ? this.text.value : `name: ${JSON.stringify(name)}\n${this.text.value}`;
    const problem = await this.tryIt(named, this.who.value);
    if (problem) await this.#check();
  }

  async #save() {
    this.#quiet();
    const name = this.name.value.trim();
    if (!name) {
      this.fields.fault("name", say("policy.needs_name"));
      return;
    }
    if (name !== this.opened && this.names.includes(name)) {
      this.fields.fault("name", say("policy.taken"));
      return;
    }
    if (await this.#overtaken(name)) return;
    const path = `/v1/policies/${encodeURIComponent(name)}`;
    const sent = this.text.value;
    const answer = await actBy("PUT", this.save, this.complaint, path, sent, (problem) => this.#take(problem));
    if (!answer) return;
    if (this.text.value === sent) {
      forgetDraft(`policy ${this.opened ?? NEW}`);
      forgetDraft(`policy ${name}`);
    }
    forgetDraft(`policy name ${this.opened ?? NEW}`);
    this.base = sent;
    await this.#list(name);
    this.opened = name;
    fill(this.result, element("p", { class: "plans-fine", "data-testid": "policy-saved" }, say("policy.saved", { name })));
    this.saved();
  }

  /** Whether somebody else has saved this plan meanwhile; whoever saves once more means it. @param {string} name */
  async #overtaken(name) {
    if (name !== this.opened) return false;
    const now = await this.#read(name).catch(() => this.base);
    if (now === this.base) return false;
    this.base = now;
    fill(this.complaint, say("policy.overtaken"));
    return true;
  }

  /** The mistakes of a text, each a way to its place. @param {Problem} problem */
  #take(problem) {
    const mistakes = problem.body.mistakes ?? [];
    if (mistakes.length === 0) return this.fields.take(problem);
    this.text.setAttribute("aria-invalid", "true");
    const list = mistakeList(mistakes, this.text, () => this.#where());
    fill(this.result, element("p", { class: "problem" }, say("policy.mistakes", { count: mistakes.length })), list);
    list.querySelector("button")?.focus();
    return true;
  }
}
