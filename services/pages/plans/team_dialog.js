/** Making and changing a team; what is not saved yet is there again when the dialog is opened again. */

import { Problem, post } from "../desk/api.js";
import { draftOf, forgetDraft, setDraft } from "../desk/drafts.js";
import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { ask } from "./ask.js";
import { Fields } from "./fields.js";
import { RotationFields, newRotation } from "./rotation_fields.js";
import { ShiftFields } from "./shift_fields.js";
import { teamPath } from "./team.js";
import { turnLines, turnList } from "./turn_lines.js";
import { HERE, zoneOptions } from "./zones.js";

/**
 * @typedef {import("./team.js").Team} Team
 * @typedef {import("./team.js").TeamDraft} TeamDraft
 */

/** So long after the last change the turns are reckoned anew. */
const REST = 400;
const NAMELESS = "new";

export class TeamDialog {
  /** @param {Team | null} team @param {import("./team.js").Member[]} staff @param {() => void} changed */
  constructor(team, staff, changed) {
    this.team = team;
    this.staff = staff;
    this.draft = `team ${team?.name ?? ""}`;
    this.timer = 0;
    this.fields = new Fields();
    this.name = element("input", { type: "text", maxlength: 64, autocomplete: "off", "data-testid": "team-name" });
    this.zone = element("select", { "data-testid": "team-zone" }, ...zoneOptions(team?.time_zone));
    this.rotations = element("div", { class: "plans-parts" });
    this.shifts = element("div", { class: "plans-parts" });
    this.looks = element("div", { class: "plans-looks", role: "status", "data-testid": "draft" });
    this.kept = element("p", { class: "plans-warn", hidden: true, "data-testid": "taken-up" });
    /** @type {RotationFields[]} */
    this.allRotations = [];
    /** @type {ShiftFields[]} */
    this.allShifts = [];
    /** Shifts that are over: kept as they are, and not shown. @type {import("./team.js").Shift[]} */
    this.past = [];
    const before = draftOf(this.draft);
    this.#show(before ? JSON.parse(before) : this.#known());
    this.#takenUp(before !== "");
    this.dialog = ask({
      name: "team",
      title: team ? say("team.edit_title", { name: team.name }) : say("team.new_title"),
      confirm: say("team.save"),
      parts: [
        this.kept,
        ...(team ? [] : [this.fields.add("name", say("team.name"), this.name, say("team.name_hint"))]),
        this.fields.add("time_zone", say("team.zone"), this.zone, say("team.zone_hint")),
        element("h3", {}, say("team.rotations")),
        element("p", { class: "muted" }, say("team.rotations_hint")),
        this.rotations,
        this.#more("add-rotation", say("team.add_rotation"), () => this.#addRotation(newRotation())),
        element("h3", {}, say("team.shifts")),
        element("p", { class: "muted" }, say("team.shifts_hint", { zone: HERE })),
        this.shifts,
        this.#more("add-shift", say("team.add_shift"), () => this.#addShift({ staff: "", since: "", until: "" })),
        element("h3", {}, say("team.looks")),
        this.looks,
      ],
      request: () => this.#request(),
      take: (problem) => this.#take(problem),
      done: () => {
        forgetDraft(this.draft);
        changed();
      },
    });
    this.dialog.classList.add("plans-wide");
    this.dialog.addEventListener("input", () => this.#changed());
    this.dialog.addEventListener("close", () => clearTimeout(this.timer));
    void this.#look();
  }

  /** @returns {TeamDraft} */
  #known() {
    const { name, time_zone, members, rotations, shifts } = this.team ?? {
      ...{ name: "", time_zone: HERE, members: [], rotations: [newRotation()], shifts: [] },
    };
    const now = new Date().toISOString();
    this.past = shifts.filter((shift) => Date.parse(shift.until) <= Date.parse(now));
    return {
      name,
      time_zone,
      members: members.map((member) => member.id),
      rotations,
      shifts: shifts.filter((shift) => !this.past.includes(shift)),
    };
  }

  /** @param {TeamDraft} draft */
  #show(draft) {
    this.name.value = draft.name;
    this.zone.value = draft.time_zone;
    this.members = draft.members;
    this.allRotations = [];
    this.allShifts = [];
    fill(this.rotations);
    fill(this.shifts);
    for (const rotation of draft.rotations) this.#addRotation(rotation, true);
    for (const shift of draft.shifts) this.#addShift(shift, true);
  }

  /** @param {boolean} so */
  #takenUp(so) {
    this.kept.hidden = !so;
    const button = element(
      "button",
      { type: "button", class: "small", "data-testid": "throw-away", onclick: () => this.#throwAway() },
      say("team.throw_away"),
    );
    fill(this.kept, say("team.taken_up"), " ", button);
  }

  #throwAway() {
    forgetDraft(this.draft);
    this.#show(this.#known());
    this.kept.hidden = true;
    this.zone.focus();
    void this.#look();
  }

  /** @param {string} testid @param {string} words @param {() => void} add */
  #more(testid, words, add) {
    return element("button", { type: "button", class: "small", "data-testid": testid, onclick: add }, words);
  }

  /** @param {import("./team.js").Rotation} rotation */
  #addRotation(rotation, quietly = false) {
    const made = new RotationFields(rotation, this.staff, {
      changed: () => this.#changed(),
      dropped: () => {
        this.allRotations = this.allRotations.filter((one) => one !== made);
        this.#dropped(made.node, "add-rotation");
      },
    });
    this.allRotations.push(made);
    this.rotations.append(made.node);
    this.#count();
    if (!quietly) made.members.choice.focus();
  }

  /** @param {import("./team.js").Shift} shift */
  #addShift(shift, quietly = false) {
    const made = new ShiftFields(shift, this.staff, () => {
      this.allShifts = this.allShifts.filter((one) => one !== made);
      this.#dropped(made.node, "add-shift");
    });
    this.allShifts.push(made);
    this.shifts.append(made.node);
    this.#count();
    if (!quietly) made.who.focus();
  }

  /** @param {HTMLElement} node @param {string} next */
  #dropped(node, next) {
    node.remove();
    this.#count();
    const button = this.dialog.querySelector(`[data-testid="${next}"]`);
    if (button instanceof HTMLElement) button.focus();
    this.#changed();
  }

  #count() {
    this.allRotations.forEach((one, number) => one.count(number + 1));
    this.allShifts.forEach((one, number) => one.count(number + 1));
  }

  #changed() {
    setDraft(this.draft, JSON.stringify(this.#draftNow()));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.#look(), REST);
  }

  /** @returns {TeamDraft} */
  #draftNow() {
    const rotations = this.allRotations.map((one) => one.body());
    const shifts = this.allShifts.map((one) => one.body());
    return { name: this.name.value.trim(), time_zone: this.zone.value, members: this.members ?? [], rotations, shifts };
  }

  #body() {
    const { time_zone, members, rotations, shifts } = this.#draftNow();
    const past = this.past.map(({ staff, since, until }) => ({ staff, since, until }));
    // Whoever was taken out of every turn is no member any more, unless they never had a turn.
    const turned = new Set([...(this.team?.rotations ?? []).flatMap((one) => one.members), ...(this.team?.shifts ?? []).map((one) => one.staff)]);
    return { time_zone, members: members.filter((one) => !turned.has(one)), rotations, shifts: [...past, ...shifts] };
  }

  #request() {
    this.fields.clear();
    const name = this.team?.name ?? this.name.value.trim();
    if (!name) {
      this.fields.fault("name", say("team.needs_name"));
      return null;
    }
    if (![...this.allRotations, ...this.allShifts].every((one) => one.complete())) return null;
    return { method: /** @type {const} */ ("PUT"), path: teamPath(name), body: this.#body() };
  }

  /** @param {Problem} problem */
  #take(problem) {
    const errors = problem.body.errors ?? [];
    return errors.length > 0 && errors.every(({ field, message }) => this.#fault(field, message));
  }

  /** @param {string} field @param {string} message */
  #fault(field, message) {
    const [, list, number, rest] = /^(rotations|shifts)\[(\d+)\]\.(.*)$/.exec(field) ?? [];
    if (list === "rotations") return this.allRotations[Number(number)]?.fields.fault(rest ?? "", message) ?? false;
    const place = Number(number) - this.past.length;
    if (list === "shifts") return this.allShifts[place]?.fields.fault(rest ?? "", message) ?? false;
    return this.fields.fault(field, message);
  }

  /** Who would be on, and when nobody would be, before it is saved. */
  async #look() {
    const body = this.#body();
    const whole = body.rotations.every((one) => one.begins && one.hand_over && one.members.length > 0 && one.every >= 1);
    if (!whole || !body.shifts.every((one) => one.staff && one.since && one.until)) {
      fill(this.looks, element("p", { class: "muted" }, say("team.looks_later")));
      return;
    }
    try {
      const name = this.team?.name ?? NAMELESS;
      const team = await post(teamPath(name, "/draft"), body);
      const quiet = element("p", { class: "plans-fine", "data-testid": "no-gaps" }, say("team.no_gaps"));
      fill(this.looks, ...turnLines(team), team.gaps.length === 0 && quiet, turnList(team));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const said = (error.body.errors ?? []).map((one) => one.message).join(" · ");
      fill(this.looks, element("p", { class: "muted" }, said || error.words));
    }
  }
}
