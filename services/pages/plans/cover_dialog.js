/** Somebody else, or nobody, for a while; and two turns that are swapped. */

import { say } from "../desk/wording.js";
import { element } from "../shared/element.js";
import { ask } from "./ask.js";
import { Fields, instantOf, localOf, staffOptions } from "./fields.js";
import { completeSpan } from "./shift_fields.js";
import { teamPath } from "./team.js";
import { spanWords } from "./turn_lines.js";
import { HERE } from "./zones.js";

/**
 * @typedef {import("./team.js").Team} Team
 * @typedef {import("./team.js").Member} Member
 */

const NOBODY = "nobody";

/** @param {Team} team @param {Member[]} staff @param {() => void} changed */
export function askCover(team, staff, changed) {
  const fields = new Fields();
  const since = element("input", { type: "datetime-local", value: localOf(new Date().toISOString()), "data-testid": "cover-since" });
  const until = element("input", { type: "datetime-local", "data-testid": "cover-until" });
  const who = element(
    "select",
    { "data-testid": "cover-who" },
    ...staffOptions(staff, { value: "", words: say("team.choose") }),
    element("option", { value: NOBODY }, say("plans.nobody")),
  );
  const instead = element(
    "select",
    { "data-testid": "cover-instead" },
    ...staffOptions(team.members, { value: "", words: say("cover.everybody") }),
  );
  ask({
    name: "cover",
    title: say("cover.title", { name: team.name }),
    confirm: say("cover.confirm"),
    parts: [
      element("p", { class: "muted" }, say("cover.hint", { zone: HERE })),
      element(
        "div",
        { class: "plans-pair" },
        fields.add("since", say("team.from"), since),
        fields.add("until", say("team.to"), until),
      ),
      fields.add("staff", say("cover.who"), who),
      fields.add("instead_of", say("cover.instead"), instead),
    ],
    request() {
      fields.clear();
      if (!completeSpan(fields, since, until)) return null;
      if (!who.value) {
        fields.fault("staff", say("team.choose"));
        return null;
      }
      const body = {
        since: instantOf(since.value),
        until: instantOf(until.value),
        staff: who.value === NOBODY ? null : who.value,
        ...(instead.value ? { instead_of: instead.value } : {}),
      };
      return { method: "POST", path: teamPath(team.name, "/overrides"), body };
    },
    take: (problem) => fields.take(problem),
    done: changed,
  });
}

/** @param {Team} team @param {() => void} changed */
export function askSwap(team, changed) {
  const fields = new Fields();
  // One entry for each turn of each member.
  const all = team.turns.flatMap((turn) => turn.staff.map((one) => ({ staff: one.id, at: turn.since, words: `${one.name}: ${spanWords(turn)}` })));
  const [mine, theirs] = ["swap-mine", "swap-theirs"].map((testid) =>
    element(
      "select",
      { "data-testid": testid },
      element("option", { value: "" }, say("team.choose")),
      ...all.map((one, number) => element("option", { value: number }, one.words)),
    ),
  );
  if (!mine || !theirs) return;
  ask({
    name: "swap",
    title: say("swap.title", { name: team.name }),
    confirm: say("swap.confirm"),
    parts: [
      element("p", { class: "muted" }, say("swap.hint")),
      fields.add("at", say("swap.mine"), mine),
      fields.add("with_at", say("swap.theirs"), theirs),
    ],
    request() {
      fields.clear();
      const [one, other] = [mine, theirs].map((select) => all[select.value === "" ? -1 : Number(select.value)]);
      const [field, words] = !one
        ? ["at", say("team.choose")]
        : !other
          ? ["with_at", say("team.choose")]
          : ["with_at", one.staff === other.staff ? say("swap.same") : ""];
      if (!one || !other || words) {
        fields.fault(field ?? "", words ?? "");
        return null;
      }
      const body = { staff: one.staff, at: one.at, with_staff: other.staff, with_at: other.at };
      return { method: "POST", path: teamPath(team.name, "/swaps"), body };
    },
    take: (problem) => fields.take(problem),
    done: changed,
  });
}
