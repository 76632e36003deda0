/** Who was told, by which way, and what came of it. */

import { clockTime } from "./clock.js";
import { element, redraw } from "../shared/element.js";
import { recipientWords } from "./phrases.js";
import { say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Incident} Incident
 * @typedef {import("../shared/element.js").Child} Child
 */

export function makeTold() {
  const body = element("div", { class: "told", "data-testid": "told" });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-told" },
    element("h3", { id: "part-told", class: "part-title" }, say("part.told")),
    body,
  );
  return {
    node,
    /** @param {Incident} incident */
    update(incident) {
      redraw(body, [incident.told, incident.deliveries, incident.state], () => toldWords(incident));
    },
  };
}

/** @param {Incident} incident @returns {Child[]} */
function toldWords(incident) {
  const { handed_over: handed = [], trying = [], answered = [], untold = [] } = incident.told ?? {};
  const rows = [...incident.deliveries].sort(
    (a, b) => a.recipient.localeCompare(b.recipient) || a.at.localeCompare(b.at),
  );
  return [
    untold.length > 0 &&
      element("p", { class: "told-not" }, say("told.not", { names: untold.map(notToldWords).join(", ") })),
    handed.length > 0 && element("p", {}, say("told.handed_over", { names: handed.map(recipientWords).join(", ") })),
    trying.length > 0 && element("p", {}, say("told.trying", { names: trying.map(recipientWords).join(", ") })),
    ...answered.map((told) =>
      element(
        "p",
        { class: "told-answered" },
        say("told.answered", {
          name: recipientWords(told),
          answer: sayName("told.answer", told.answer ?? "call_me"),
          time: clockTime(told.at ?? ""),
        }),
      ),
    ),
    rows.length === 0
      ? element("p", { class: "muted" }, say(incident.state === "pending" ? "told.pending" : "told.none"))
      : element(
          "table",
          {},
          element("caption", { class: "visually-hidden" }, say("part.told")),
          element("thead", {}, element("tr", {}, ...["who", "way", "state", "tries", "time"].map(head))),
          element("tbody", {}, ...rows.map(deliveryRow)),
        ),
  ];
}

/** @param {import("./model.js").Told} told */
function notToldWords(told) {
  return told.why ? say("told.not_why", { name: recipientWords(told), why: say(`told.why_${told.why}`) }) : recipientWords(told);
}

/** @param {string} name */
function head(name) {
  return element("th", { scope: "col" }, say(`told.column_${name}`));
}

/** @param {import("./model.js").Delivery} delivery */
function deliveryName(delivery) {
  const plain = delivery.name === undefined && !/^(dispatch|last_resort|contact(:.*)?)$/.test(delivery.recipient);
  return plain ? delivery.recipient : recipientWords(delivery);
}

/** @param {import("./model.js").Delivery} delivery */
function deliveryRow(delivery) {
  return element(
    "tr",
    { "data-testid": "delivery", "data-state": delivery.state },
    element("th", { scope: "row" }, deliveryName(delivery)),
    element("td", {}, sayName("channel", delivery.channel)),
    element(
      "td",
      {},
      element("span", { class: `delivery delivery-${delivery.state}` }, sayName("delivery", delivery.state)),
    ),
    element("td", { class: "numbers" }, delivery.attempts),
    element("td", { class: "numbers" }, clockTime(delivery.at, { seconds: true })),
  );
}
