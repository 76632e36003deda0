/** What has to be known before anybody calls, and only then the ways to reach them. */

import { clockTime } from "./clock.js";
import { element, redraw } from "../shared/element.js";
import { icon } from "./icons.js";
import { callBadge } from "./phrases.js";
import { hoursWords } from "./weekdays.js";
import { languageName, say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Incident} Incident
 * @typedef {import("./model.js").Session} Session
 * @typedef {import("../shared/element.js").Child} Child
 */

/** In the order in which they matter at the door. */
const FACTS = ["weapons", "other_person", "children", "animals", "care", "arrival_word", "phrase"];

/** @param {Session["organization"]} organization */
export function makeBrief(organization) {
  const body = element("div", { class: "brief" });
  const reach = element("div", { class: "reach", "data-testid": "reach" });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-brief", "data-testid": "brief" },
    element("h3", { id: "part-brief", class: "part-title" }, say("part.brief")),
    body,
    reach,
  );
  return {
    node,
    /** @param {Incident} incident */
    update(incident) {
      redraw(body, [incident.may_call, incident.communication, incident.brief], () => briefWords(incident));
      redraw(reach, [incident.to_ring, incident.reach, incident.may_call], () => [
        ...toRing(incident),
        ...reachWords(incident),
        ...numbers(organization),
      ]);
    },
  };
}

/** @param {Incident} incident @returns {Child[]} */
function briefWords(incident) {
  const { code_question: question, code_answer: answer, contact } = incident.may_call ?? { contact: null };
  const brief = incident.brief ?? {};
  const facts = FACTS.filter((fact) => brief[fact]);
  return [
    element(
      "p",
      { class: "brief-call" },
      callBadge(incident),
      element("span", {}, sayName("may_call_hint", contact ?? "unknown")),
    ),
    contact === "code_question" &&
      element(
        "dl",
        { class: "code", "data-testid": "code-question" },
        element("dt", {}, say("brief.ask")),
        element("dd", { class: "code-words" }, question || say("brief.no_question")),
        element("dt", {}, say("brief.answer")),
        element("dd", {}, answer || say("brief.no_answer")),
      ),
    element(
      "dl",
      { class: "facts" },
      element("dt", {}, say("brief.communication")),
      element("dd", {}, communicationWords(incident)),
      ...facts.flatMap((fact) => [
        element("dt", { class: fact === "weapons" ? "fact-danger" : "" }, sayName("danger", fact)),
        element("dd", {}, brief[fact] === true ? say("brief.yes") : String(brief[fact])),
      ]),
    ),
  ];
}

/** @param {Incident} incident */
function communicationWords(incident) {
  const needs = (incident.communication ?? []).map(({ mode, language }) => {
    const way = sayName("mode", mode);
    return language ? say("brief.mode_in", { mode: way, language: languageName(language) }) : way;
  });
  return needs.join(" · ") || say("brief.no_communication");
}

/** @type {Record<string, string>} */
const SCHEMES = { voice: "tel:", sms: "sms:", email: "mailto:" };

/** Contacts who ask to be rung: first, for they wait. @param {Incident} incident @returns {Child[]} */
function toRing(incident) {
  const asked = incident.to_ring ?? [];
  if (asked.length === 0) return [];
  return [
    element("h4", { class: "part-sub" }, say("ring.title")),
    element("ul", { class: "ways", "data-testid": "to-ring" }, ...asked.map(ringWords)),
  ];
}

/** @param {{name: string, at: string, numbers: string[]}} asked */
function ringWords({ name, at, numbers }) {
  return element(
    "li",
    { class: "way" },
    element(
      "span",
      { class: "way-what" },
      element("strong", {}, name),
      element("span", { class: "muted" }, ` ${say("ring.since", { time: clockTime(at) })}`),
    ),
    ...(numbers.length > 0
      ? numbers.map((number) =>
          element(
            "a",
            { class: "button small numbers", href: `tel:${number}`, "data-key": `ring-${number}`, "data-whom": name },
            number,
          ),
        )
      : [element("span", { class: "way-no" }, say("ring.no_number"))]),
  );
}

/** @param {Incident} incident @returns {Child[]} */
function reachWords(incident) {
  const ways = incident.reach ?? [];
  return [
    element("h4", { class: "part-sub" }, say("reach.title")),
    ways.length === 0 && element("p", { class: "muted" }, say("reach.none")),
    element("ul", { class: "ways" }, ...ways.map((way) => wayWords(way, incident))),
  ];
}

/** A way that must not be used is told, but is nothing that can be pressed. @param {import("./model.js").Reach} way @param {Incident} incident */
function wayWords(way, incident) {
  const contact = incident.may_call?.contact;
  const silenced = way.channel === "voice" && (contact === "text_only" || contact === "never");
  const unsafe = way.safety === "monitored" || contact === "never";
  const scheme = SCHEMES[way.channel];
  const hours = way.hours?.length ? say("reach.hours", { hours: hoursWords(way.hours) }) : "";
  const safety = [way.safety && sayName("safety", way.safety), hours].filter(Boolean).join(" · ");
  const name = sayName("channel", way.channel);
  return element(
    "li",
    { class: unsafe || silenced ? "way way-barred" : "way" },
    element(
      "span",
      { class: "way-what" },
      element("strong", {}, `${name} `),
      element("span", { class: "numbers" }, way.address),
      safety && element("span", { class: "muted" }, ` ${safety}`),
    ),
    unsafe || silenced
      ? element("span", { class: "way-no" }, icon("never"), say(silenced ? "reach.no_voice" : "reach.unsafe"))
      : scheme &&
          element(
            "a",
            {
              class: "button small",
              href: scheme + way.address.replaceAll(/[\s()]/g, ""),
              "data-key": `reach-${way.channel}-${way.address}`,
              "data-whom": incident.known_as ?? incident.person.name,
            },
            say(`reach.use_${way.channel}${way.channel === "voice" && contact === "code_question" ? "_code" : ""}`),
          ),
  );
}

/** @param {Session["organization"]} organization @returns {Child[]} */
function numbers(organization) {
  const emergency = organization.emergency ?? [];
  if (emergency.length === 0 && !organization.call_back) return [];
  return [
    element("h4", { class: "part-sub" }, say("numbers.title")),
    element(
      "dl",
      { class: "facts", "data-testid": "numbers" },
      ...emergency.flatMap(({ label, call, text }) => [
        element("dt", {}, label),
        element(
          "dd",
          { class: "numbers" },
          [call && say("place.voice", { number: call }), text && say("place.text", { number: text })]
            .filter(Boolean)
            .join(" · "),
        ),
      ]),
      ...(organization.call_back
        ? [element("dt", {}, say("numbers.ours")), element("dd", { class: "numbers" }, organization.call_back)]
        : []),
    ),
  ];
}
