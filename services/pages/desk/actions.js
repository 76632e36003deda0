/** What a responder can do to the open incident, and who has it. */

import { act } from "./act.js";
import { clockTime, until } from "./clock.js";
import { askEscalate, askPlan, askResolve } from "./dialogs.js";
import { element, fill, redraw } from "../shared/element.js";
import { icon } from "./icons.js";
import { isLive, staffHolder } from "./model.js";
import { nextWords, stepWords } from "./phrases.js";
import { say } from "./wording.js";

/**
 * @typedef {import("./model.js").Summary} Summary
 * @typedef {"claim" | "acknowledge" | "on-the-way" | "on-scene"} Plain
 */

/** The last minute of a lease. */
const LAPSES_SOON = 60_000;

/** @type {Partial<Record<Plain | "resolve", string>>} */
const KEYS = { claim: "c", acknowledge: "a", resolve: "r" };

/**
 * @param {string} id
 * @param {string} me the reader's staff id
 * @param {(answer: any) => void} changed
 */
export function makeActions(id, me, changed) {
  const base = `/v1/incidents/${id}`;
  const complaint = element("p", { class: "problem", role: "alert", "data-testid": "action-problem" });
  const conflict = element("div", { class: "conflict", role: "alert", hidden: true, "data-testid": "conflict" });
  const hold = element("div", { class: "hold", "data-testid": "hold" });
  /** @type {Summary | null} */
  let shown = null;
  /** @type {import("./model.js").Step[]} */
  let steps = [];

  /** @param {Plain} name @param {string} look */
  function plain(name, look = "") {
    const button = element(
      "button",
      { type: "button", class: look, "data-testid": name, "aria-keyshortcuts": KEYS[name], onclick: () => run() },
      say(`act.${name.replaceAll("-", "_")}`),
    );
    async function run() {
      conflict.hidden = true;
      const answer = await act(button, complaint, `${base}/${name}`, {}, (problem) => {
        if (name !== "claim" || problem.status !== 409) return false;
        return offerTakeOver(problem.body.holder);
      });
      if (answer) changed(answer);
    }
    return button;
  }

  /** Somebody else has it: say who, and offer to take over. @param {unknown} told who has it, as the answer names them */
  function offerTakeOver(told) {
    const named = /** @type {{name?: string, until?: string} | string | undefined} */ (told);
    const holder = shown && staffHolder(shown);
    const name = (typeof named === "string" ? named : named?.name) ?? holder?.name;
    if (!name) return false;
    const end = (typeof named === "object" ? named.until : null) ?? holder?.until;
    const take = element(
      "button",
      { type: "button", class: "danger", "data-testid": "take-over", onclick: () => takeOver() },
      say("act.take_over"),
    );
    const leave = element(
      "button",
      { type: "button", "data-testid": "leave", onclick: () => close() },
      say("act.leave"),
    );
    function close() {
      conflict.hidden = true;
      buttons.claim.focus();
    }
    async function takeOver() {
      const answer = await act(take, complaint, `${base}/claim`, { take_over: true });
      if (!answer) return;
      close();
      changed(answer);
    }
    fill(
      conflict,
      element("p", {}, end ? say("act.held_until", { name, time: clockTime(end) }) : say("act.held", { name })),
      element("div", { class: "conflict-end" }, take, leave),
    );
    conflict.hidden = false;
    take.focus();
    return true;
  }

  const buttons = {
    claim: plain("claim", "primary"),
    acknowledge: plain("acknowledge"),
    way: plain("on-the-way"),
    scene: plain("on-scene"),
    escalate: element(
      "button",
      {
        type: "button",
        "data-testid": "escalate",
        "aria-haspopup": "dialog",
        onclick: () => askEscalate(base, steps, changed),
      },
      say("act.escalate"),
    ),
    plan: element(
      "button",
      {
        type: "button",
        hidden: true,
        "data-testid": "plan",
        "aria-haspopup": "dialog",
        onclick: () => askPlan(base, changed),
      },
      say("act.plan"),
    ),
    resolve: element(
      "button",
      {
        type: "button",
        class: "danger",
        "data-testid": "resolve",
        "aria-haspopup": "dialog",
        "aria-keyshortcuts": KEYS.resolve,
        onclick: () => askResolve(base, Boolean(shown?.drill), changed),
      },
      say("act.resolve"),
    ),
  };
  const bar = element(
    "div",
    { class: "actions", role: "group", "aria-label": say("act.group") },
    ...Object.values(buttons),
  );
  const node = element("div", { class: "doing" }, hold, bar, complaint, conflict);

  return {
    node,
    buttons,
    /** @param {Summary & {policy?: import("./model.js").Incident["policy"]}} incident */
    update(incident) {
      shown = incident;
      // The row in the queue knows no plan.
      steps = incident.policy?.steps ?? steps;
      bar.hidden = !isLive(incident);
      if (bar.hidden) conflict.hidden = true;
      buttons.plan.hidden = !incident.policy?.outdated;
      const key = [
        incident.holds,
        incident.holder,
        incident.answered,
        incident.state,
        incident.next_step_at,
        incident.next_told_at,
        incident.next_recipients,
        incident.cancel_until,
        incident.closed_at,
      ];
      redraw(hold, key, () => holdWords(incident));
    },
  };

  /** @param {Summary} incident @returns {import("../shared/element.js").Child[]} */
  function holdWords(incident) {
    if (!isLive(incident)) return [];
    const holder = staffHolder(incident);
    const contact = incident.holds?.contacts;
    return [
      element("span", { class: holder ? "held" : "held held-not" }, icon(holder ? "check" : "nobody"), whose(holder)),
      holder?.until &&
        until(holder.until, { words: "hold.left", over: "hold.over", class: "lease", late: LAPSES_SOON }),
      holder?.id === me && keep(),
      contact &&
        element(
          "span",
          { class: "held-contact" },
          say("hold.contact", { name: contact.name }),
          " ",
          until(contact.until, { words: "hold.left", over: "hold.over", class: "lease", late: LAPSES_SOON }),
        ),
      answered(incident),
      ...(holder ? [stepWords(incident)] : nextWords(incident)),
    ];
  }

  /** Where more than one must answer: how many have. @param {Summary} incident */
  function answered(incident) {
    const { answered: count = 0, quorum = 1 } = incident;
    if (quorum < 2 || count >= quorum) return null;
    return element("span", { class: "held-contact", "data-testid": "quorum" }, say("hold.quorum", { count, quorum }));
  }

  /** @param {ReturnType<typeof staffHolder>} holder */
  function whose(holder) {
    if (!holder) return say("row.nobody");
    return holder.id === me ? say("hold.yours") : say("row.held_by", { name: holder.name });
  }

  /** Claiming what is one's own begins the lease anew. */
  function keep() {
    const button = element(
      "button",
      { type: "button", class: "small", "data-key": "keep", "data-testid": "keep" },
      say("hold.keep"),
    );
    button.addEventListener("click", async () => {
      const answer = await act(button, complaint, `${base}/claim`, {});
      if (answer) changed(answer);
    });
    return button;
  }
}
