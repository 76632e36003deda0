/** Who of each team is on call, until when, who is next, and when nobody is. */

import { act } from "../desk/act.js";
import { Problem, get } from "../desk/api.js";
import { clockTime } from "../desk/clock.js";
import { language, say } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";

/**
 * @typedef {{id: string, name: string}} Member
 * @typedef {{since: string, until: string, staff: Member[]}} Turn
 * @typedef {{name: string, members: (Member & {reachable: boolean})[], on_call: {staff: Member[], until: string | null},
 *   next: Turn | null, turns: Turn[], gaps: {since: string, until: string}[]}} Team
 */

export class Teams {
  constructor() {
    this.list = element("div", { class: "plans-cards", "data-testid": "teams" });
    this.node = element(
      "section",
      { "aria-labelledby": "plans-teams" },
      element("h2", { id: "plans-teams" }, say("plans.teams")),
      this.list,
    );
  }

  async read() {
    try {
      const { teams } = await get("/v1/teams");
      this.#draw(teams);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(this.list, element("p", { class: "problem", role: "alert" }, error.words));
    }
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
    const on = team.on_call.staff;
    const [gap] = team.gaps;
    const unreachable = team.members.filter((member) => !member.reachable);
    const complaint = element("p", { class: "problem", role: "alert" });
    const take = element("button", { type: "button", "data-testid": "take", onclick: () => takeIt() }, say("plans.take"));
    const takeIt = async () => {
      if (await act(take, complaint, `/v1/teams/${encodeURIComponent(team.name)}/take`, {})) await this.read();
    };
    return element(
      "article",
      { class: "card plans-card", "data-testid": "team" },
      element("h3", {}, team.name),
      element(
        "p",
        { class: on.length > 0 ? "plans-on" : "plans-on plans-nobody", "data-testid": "on-call" },
        on.length > 0 ? names(on) : say("plans.nobody"),
        team.on_call.until && element("span", { class: "muted" }, ` ${say("plans.until", { time: dated(team.on_call.until) })}`),
      ),
      team.next &&
        element(
          "p",
          { class: "muted", "data-testid": "next" },
          say("plans.next", { names: names(team.next.staff) || say("plans.nobody"), time: dated(team.next.since) }),
        ),
      gap &&
        element(
          "p",
          { class: "plans-warn", "data-testid": "gaps" },
          say("plans.gaps", { count: team.gaps.length, from: dated(gap.since), to: dated(gap.until) }),
        ),
      unreachable.length > 0 &&
        element("p", { class: "plans-warn" }, say("plans.unreachable", { names: names(unreachable) })),
      element(
        "details",
        {},
        element("summary", {}, say("plans.turns")),
        element(
          "ol",
          { class: "plans-turns" },
          ...team.turns.map((turn) =>
            element(
              "li",
              { class: turn.staff.length > 0 ? null : "plans-nobody" },
              element("time", { datetime: turn.since }, `${dated(turn.since)} – ${dated(turn.until)}`),
              " ",
              names(turn.staff) || say("plans.nobody"),
            ),
          ),
        ),
      ),
      take,
      complaint,
    );
  }
}

/** @param {Member[]} staff */
function names(staff) {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(staff.map((member) => member.name));
}

/** @param {string} instant */
function dated(instant) {
  const day = new Intl.DateTimeFormat(language(), { weekday: "short" }).format(new Date(instant));
  return `${day} ${clockTime(instant)}`;
}
