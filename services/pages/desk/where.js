/** Where they are, as text and as a drawing, and the places that are known of them. */

import { now, since } from "./clock.js";
import { drawPosition, fixesOf } from "./drawing.js";
import { element, fill, redraw, write } from "../shared/element.js";
import { planeAt, toBorder } from "./geometry.js";
import { icon } from "./icons.js";
import { distance, position, whereWords } from "./phrases.js";
import { scriptButton } from "./script.js";
import { say } from "./wording.js";

/** @typedef {import("./model.js").Incident} Incident */

/** Ages in the drawing grow in steps of this. */
const REDRAW_EVERY = 10_000;

/** @param {string} incident */
export function makeWhere(incident) {
  const text = element("p", { class: "where-text", "data-testid": "position" });
  const exact = element("div", { class: "where-exact" });
  const figure = element("figure", { class: "where-figure", "data-testid": "drawing" });
  const journeys = element("ul", { class: "where-facts", "data-testid": "journeys" });
  const facts = element("ul", { class: "where-facts", "data-testid": "drawing-text" });
  const places = element("div", { class: "places", "data-testid": "places" });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-where" },
    element("h3", { id: "part-where", class: "part-title" }, say("part.where")),
    text,
    exact,
    element("p", {}, scriptButton(incident)),
    journeys,
    figure,
    facts,
    places,
  );
  return {
    node,
    /** @param {Incident} incident */
    update(incident) {
      const fixes = fixesOf(incident);
      redraw(text, [incident.location, incident.home], () => [icon("place"), ...whereWords(incident)]);
      redraw(exact, incident.location, () => exactWords(incident));
      redraw(journeys, incident.journeys, () => (incident.journeys ?? []).map(journeyWords));
      journeys.hidden = !journeys.hasChildNodes();
      const age = Math.floor(now() / REDRAW_EVERY);
      redraw(figure, [fixes, incident.zones, incident.places, fixes.length > 0 && age], () => [drawPosition(incident)]);
      redraw(facts, [fixes, incident.zones], () => factWords(incident).map((fact) => element("li", {}, fact)));
      figure.hidden = !figure.hasChildNodes();
      redraw(places, incident.places, () => placeCards(incident));
    },
  };
}

/** @param {Incident} incident */
function exactWords(incident) {
  const { location } = incident;
  if (!location) return [];
  const degrees = position(location);
  const said = element("span", { role: "status", class: "muted" });
  const copy = element(
    "button",
    { type: "button", class: "quiet small", "data-key": "copy-position" },
    say("where.copy"),
  );
  copy.addEventListener("click", () => {
    navigator.clipboard.writeText(degrees).then(
      () => write(said, say("where.copied")),
      () => write(said, say("where.not_copied")),
    );
  });
  return [element("span", { class: "numbers" }, degrees), copy, said];
}

/** Where she was going when it began. @param {import("./model.js").Journey} journey */
function journeyWords(journey) {
  const place = journey.label ?? position(journey.destination);
  return element(
    "li",
    {},
    since(journey.begun_at, { words: "where.journey", values: { place } }),
    element("span", { class: "numbers" }, ` ${position(journey.destination)}`),
    journey.note && element("span", {}, ` ${journey.note}`),
  );
}

/** What the drawing shows, in sentences. @param {Incident} incident @returns {(Node | string)[]} */
function factWords(incident) {
  const fixes = fixesOf(incident);
  const last = fixes.at(-1);
  const first = fixes[0];
  if (!last || !first) return [];
  const plane = planeAt(last);
  /** @type {(Node | string)[]} */
  const facts = [];
  if (fixes.length > 1) facts.push(since(first.at, { words: "where.trail", values: { count: fixes.length } }));
  for (const zone of incident.zones ?? []) {
    const border = toBorder({ x: 0, y: 0 }, zone, plane);
    if (border === null) continue;
    const kind = zone.kind === "exclusion" ? "exclusion" : "safe";
    facts.push(
      border <= 0
        ? say(`where.inside_${kind}`, { name: zone.name })
        : say(`where.outside_${kind}`, { name: zone.name, distance: distance(border) }),
    );
  }
  return facts;
}

/** @param {Incident} incident */
function placeCards(incident) {
  return (incident.places ?? []).map((place) => {
    const card = element("div", { class: "place-card" });
    const { voice, text } = place.emergency ?? {};
    fill(
      card,
      element("strong", {}, place.label),
      element("span", {}, place.address),
      place.entry && element("span", { class: "place-entry" }, say("place.entry", { text: place.entry })),
      (voice || text) &&
        element(
          "span",
          { class: "muted" },
          [voice && say("place.voice", { number: voice }), text && say("place.text", { number: text })]
            .filter(Boolean)
            .join(" · "),
        ),
    );
    return card;
  });
}
