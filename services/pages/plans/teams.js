/** Who of each team is on call, and all that can be done about it. */

import { act, actBy } from "../desk/act.js";
import { Problem, get, list } from "../desk/api.js";
import { say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { askCover, askSwap } from "./cover_dialog.js";
import { nameOf, teamPath } from "./team.js";
import { askCalendar, askDelete, askRename } from "./team_asks.js";
import { TeamDialog } from "./team_dialog.js";
import { names, spanWords, turnLines, turnList } from "./turn_lines.js";

/**
 * @typedef {import("./team.js").Team} Team
 * @typedef {import("./team.js").Member} Member
 */

export class Teams {
  /** @param {boolean} mayEdit whether the reader may set up teams @param {() => void} changed */
  constructor(mayEdit, changed) {
    this.mayEdit = mayEdit;
    this.changed = changed;
    /** @type {Member[]} */
    this.staff = [];
    this.list = element("div", { class: "plans-cards", "data-testid": "teams" });
    this.node = element(
      "section",
      { "aria-labelledby": "plans-teams" },
      element("h2", { id: "plans-teams" }, say("plans.teams")),
      this.list,
      mayEdit &&
        element(
          "button",
          {
            type: "button",
            "data-testid": "new-team",
            "data-focus": "new",
            onclick: () => void new TeamDialog(null, this.staff, () => void this.read("new")),
          },
          say("team.new"),
        ),
    );
  }

  /** @param {string} [focus] what was touched last, by its `data-focus` */
  async read(focus) {
    try {
      const [{ teams }, staff] = await Promise.all([get("/v1/teams"), this.#staff()]);
      this.staff = staff;
      this.#draw(teams);
      if (focus) this.#refocus(focus);
      if (focus) this.changed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.list, element("p", { class: "problem", role: "alert" }, error.words));
    }
  }

  /** The cards are new; whoever works by keyboard stays where they were. @param {string} focus */
  #refocus(focus) {
    const found = [...this.node.querySelectorAll("[data-focus]")].find((one) => one.getAttribute("data-focus") === focus);
    const fallback = this.node.querySelector('[data-focus="new"]');
    for (const one of [found, fallback]) {
      if (!(one instanceof HTMLElement)) continue;
      one.focus({ preventScroll: true });
      return;
    }
  }

  /** @returns {Promise<Member[]>} */
  async #staff() {
    return this.mayEdit ? list("/v1/staff", "staff") : [];
  }

  /** @param {Team[]} teams */
  #draw(teams) {
    fill(
      this.list,
      ...(teams.length > 0
        ? teams.map((team) => this.#card(team))
        : [element("p", { class: "muted" }, say("plans.no_teams"))]),
    );
  }

  /** @param {Team} team */
  #card(team) {
    const unreachable = team.members.filter((member) => !member.reachable);
    const complaint = element("p", { class: "problem", role: "alert" });
    /** @param {string} what @param {() => void} does @param {string} [words] */
    const button = (what, does, words = say(`team.${what}`)) =>
      element(
        "button",
        {
          type: "button",
          class: what === "delete" ? "small danger" : "small",
          "data-testid": what,
          "data-focus": `${what} ${team.name}`,
          // A list of buttons tells apart what belongs to which team.
          "aria-label": `${words}: ${team.name}`,
          onclick: does,
        },
        words,
      );
    /** @param {string} what */
    const again = (what) => () => void this.read(`${what} ${team.name}`);
    const takeIt = async () => {
      if (await act(take, complaint, teamPath(team.name, "/take"), {})) again("take")();
    };
    const take = button("take", () => void takeIt(), say("plans.take"));
    const people = this.mayEdit ? this.staff : team.members;
    const edit = [
      button("edit", () => void new TeamDialog(team, this.staff, again("edit"))),
      button("rename", () => askRename(team, () => void this.read("new"))),
      button("delete", () => void this.#askDelete(team, complaint)),
    ];
    return element(
      "article",
      { class: "card plans-card", "data-testid": "team" },
      element("h3", {}, team.name),
      ...turnLines(team),
      unreachable.length > 0 &&
        element("p", { class: "plans-warn" }, say("plans.unreachable", { names: names(unreachable) })),
      this.#overrides(team, complaint, again("cover")),
      turnList(team),
      element(
        "div",
        { class: "plans-buttons" },
        take,
        button("cover", () => askCover(team, people, again("cover"))),
        button("swap", () => askSwap(team, again("swap"))),
        button("calendar", () => askCalendar(team, this.mayEdit, again("calendar"))),
        ...(this.mayEdit ? edit : []),
      ),
      complaint,
    );
  }

  /** @param {Team} team @param {HTMLElement} complaint @param {() => void} changed */
  #overrides(team, complaint, changed) {
    if (team.overrides.length === 0) return null;
    const known = [...team.members, ...this.staff];
    return element(
      "ul",
      { class: "plans-turns", "data-testid": "overrides", "aria-label": say("cover.now") },
      ...team.overrides.map((one) => {
        const who = one.staff ? nameOf(known, one.staff) : say("plans.nobody");
        const words = one.instead_of
          ? say("cover.line", { who, instead: nameOf(known, one.instead_of) })
          : say("cover.line_all", { who });
        const path = teamPath(team.name, `/overrides/${one.id}`);
        const back = element(
          "button",
          {
            type: "button",
            class: "small",
            "data-testid": "take-back",
            "aria-label": `${say("cover.back")}: ${words}`,
            onclick: async () => {
              if (await actBy("DELETE", back, complaint, path, undefined)) changed();
            },
          },
          say("cover.back"),
        );
        return element("li", { class: "plans-row" }, element("span", {}, words, " ", element("span", { class: "muted" }, spanWords(one))), back);
      }),
    );
  }

  /** @param {Team} team @param {HTMLElement} complaint */
  async #askDelete(team, complaint) {
    try {
      /** @type {{policies: {name: string, teams: string[]}[]}} */
      const { policies } = await get("/v1/policies");
      const naming = policies.filter((policy) => policy.teams.includes(team.name)).map((policy) => policy.name);
      askDelete(team, naming, () => void this.read("new"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(complaint, error.words);
    }
  }
}
