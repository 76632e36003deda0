/** One row of the queue: everything that has to be understood in the first second. It is updated in place. */

import { clockTime, since } from "./clock.js";
import { element, redraw, write } from "../shared/element.js";
import { icon } from "./icons.js";
import { criesOut, isLive, staffHolder } from "./model.js";
import {
  callBadge,
  dangerWords,
  fewNames,
  flagWords,
  nextWords,
  personWords,
  severityBadge,
  triggerWords,
  whereWords,
} from "./phrases.js";
import { say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Summary} Summary
 * @typedef {import("../shared/element.js").Child} Child
 * @typedef {{node: HTMLLIElement, button: HTMLButtonElement, update(incident: Summary): void,
 *   mark(open: boolean): void}} Row
 */

/**
 * @param {Summary} first
 * @param {(id: string) => void} open
 * @returns {Row}
 */
export function makeRow(first, open) {
  const button = element("button", {
    type: "button",
    class: "row-open",
    "data-testid": "incident-open",
    onclick: () => open(first.id),
  });
  const parts = {
    severity: element("span", { class: "row-severity" }),
    age: element("span", { class: "row-age" }),
    person: element("span", { class: "row-person" }),
    call: element("span", { class: "row-call" }),
    where: element("p", { class: "row-where", "data-testid": "where" }),
    flags: element("ul", { class: "row-flags" }),
    holder: element("span", { class: "row-holder", "data-testid": "holder" }),
    next: element("span", { class: "row-next", "data-testid": "next" }),
    told: element("p", { class: "row-told", "data-testid": "row-told" }),
  };
  const node = element(
    "li",
    { class: "row", "data-testid": "incident-row", "data-incident": first.id },
    element("div", { class: "row-line row-what" }, parts.severity, element("h3", {}, button), parts.age),
    element("div", { class: "row-line" }, parts.person, parts.call),
    parts.where,
    parts.flags,
    element("div", { class: "row-line row-then" }, parts.holder, parts.next),
    parts.told,
  );

  /** @param {Summary} incident */
  function update(incident) {
    node.dataset.state = incident.state;
    node.dataset.severity = incident.severity;
    node.classList.toggle("row-pending", incident.state === "pending");
    node.classList.toggle("row-held", Boolean(staffHolder(incident)));
    node.classList.toggle("row-cries", criesOut(incident));
    node.classList.toggle("row-drill", Boolean(incident.drill));
    node.classList.toggle("row-closed", !isLive(incident));
    redraw(parts.severity, incident.severity, () => [severityBadge(incident)]);
    write(button, triggerWords(incident));
    redraw(parts.age, [incident.opened_at, isLive(incident)], () => [age(incident)]);
    write(parts.person, personWords(incident));
    redraw(parts.call, incident.may_call, () => [callBadge(incident)]);
    redraw(parts.where, [incident.location, incident.home], () => [icon("place"), ...whereWords(incident)]);
    redraw(parts.flags, [incident.dangers, flagKey(incident)], () => flags(incident));
    parts.flags.hidden = !parts.flags.hasChildNodes();
    redraw(parts.holder, [incident.holds, incident.holder, incident.state, incident.disposition], () => held(incident));
    const { next_told_at: at, next_recipients: who, next_step_at: step, holds, cancel_until: until } = incident;
    redraw(parts.next, [at, who, step, holds, until, incident.state, incident.closed_at], () => nextWords(incident));
    redraw(parts.told, [incident.told, incident.state], () => told(incident));
    parts.told.hidden = !parts.told.hasChildNodes();
  }

  update(first);
  return {
    node,
    button,
    update,
    mark(isOpen) {
      node.classList.toggle("row-current", isOpen);
      if (isOpen) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    },
  };
}

/** @param {Summary} incident */
function age(incident) {
  if (isLive(incident)) return since(incident.opened_at, { words: "row.ago" });
  return element("time", { datetime: incident.opened_at }, clockTime(incident.opened_at));
}

/** @param {Summary} incident */
function flagKey(incident) {
  return [incident.drill, incident.stood_down_at, incident.nobody_reachable];
}

/** @param {Summary} incident @returns {Child[]} */
function flags(incident) {
  return [
    ...flagWords(incident).map(({ kind, text }) => element("li", { class: `flag flag-${kind}` }, text)),
    ...dangerWords(incident).map((text) => element("li", { class: "flag flag-danger" }, icon("warning"), text)),
  ];
}

/** @param {Summary} incident @returns {Child[]} */
function held(incident) {
  if (!isLive(incident)) {
    const words = incident.disposition
      ? sayName("disposition", incident.disposition)
      : sayName("state", incident.state);
    return [icon("check"), words];
  }
  const holder = staffHolder(incident);
  if (holder) return [icon("check"), say("row.held_by", { name: holder.name })];
  if (incident.state === "pending") return [icon("clock"), element("span", {}, say("row.pending"))];
  const contact = incident.holds?.contacts;
  return [
    icon("nobody"),
    element("strong", {}, say("row.nobody")),
    contact && element("span", {}, say("row.contact_has_it", { name: contact.name })),
  ];
}

/** @param {Summary} incident @returns {Child[]} */
function told(incident) {
  if (incident.state === "pending" || !incident.told) return [];
  const { reached, handed_over: handed = [], trying = [], answered, untold } = incident.told;
  return [
    names("row.reached", reached),
    handed.length > 0 && names("row.handed_over", handed),
    trying.length > 0 && names("row.trying", trying),
    names("row.answered", answered),
    untold.length > 0 && names("row.untold", untold, "row-untold"),
  ];
}

/** @param {string} words @param {import("./model.js").Told[]} people @param {string} [look] */
function names(words, people, look = "") {
  return element(
    "span",
    { class: look },
    element("span", { class: "row-label" }, say(words)),
    " ",
    fewNames(people) || say("row.nobody_yet"),
  );
}
