/** A plain drawing of where somebody is: zones, places, the way they took, a scale. No tiles, so nobody else learns it. */

import { duration, now } from "./clock.js";
import { drawn } from "../shared/element.js";
import { apart, planeAt, roundLength } from "./geometry.js";
import { distance } from "./phrases.js";
import { say } from "./wording.js";

/**
 * @typedef {import("./model.js").Incident} Incident
 * @typedef {import("./model.js").Fix} Fix
 * @typedef {import("./geometry.js").Spot} Spot
 * @typedef {{x(spot: Spot): number, y(spot: Spot): number, scale: number}} View
 */

const WIDTH = 420;
const HEIGHT = 260;
const MARGIN = 26;
const SMALLEST = 90;

/** The fixes in order, the newest last. @param {Incident} incident @returns {Fix[]} */
export function fixesOf(incident) {
  const { trail = [], location } = incident;
  const fixes = trail.filter((fix) => !location || fix.at < location.at).sort((a, b) => a.at.localeCompare(b.at));
  return location ? [...fixes, location] : fixes;
}

/** @param {Incident} incident @returns {SVGSVGElement | null} null when nothing is known */
export function drawPosition(incident) {
  const fixes = fixesOf(incident);
  const last = fixes.at(-1);
  if (!last) return null;
  const plane = planeAt(last);
  const way = fixes.map(plane);
  const accuracy = last.accuracy ?? 0;
  const reach = Math.max(SMALLEST, accuracy, ...way.map((spot) => apart(spot, { x: 0, y: 0 })));
  const places = (incident.places ?? []).flatMap((place) =>
    place.latitude === undefined || place.longitude === undefined
      ? []
      : [{ label: place.label, spot: plane({ latitude: place.latitude, longitude: place.longitude }) }],
  );
  const near = places.filter(({ spot }) => apart(spot, { x: 0, y: 0 }) < 3 * reach);
  const centers = (incident.zones ?? []).flatMap((zone) => (zone.center ? [plane(zone.center)] : []));
  const view = fit([
    ...way,
    ...near.map(({ spot }) => spot),
    ...centers.filter((spot) => apart(spot, { x: 0, y: 0 }) < 3 * reach),
    { x: accuracy, y: accuracy },
    { x: -accuracy, y: -accuracy },
  ]);
  const origin = { x: view.x({ x: 0, y: 0 }), y: view.y({ x: 0, y: 0 }) };
  return drawn(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "drawing", role: "img", "aria-label": say("drawing.name") },
    drawn("rect", { class: "ground", x: 0, y: 0, width: WIDTH, height: HEIGHT }),
    ...drawZones(incident, plane, view),
    accuracy > 0 && drawn("circle", { class: "accuracy", cx: origin.x, cy: origin.y, r: accuracy * view.scale }),
    drawn("polyline", { class: "way", points: way.map((spot) => `${view.x(spot)},${view.y(spot)}`).join(" ") }),
    ...drawFixes(fixes, way, view),
    ...places.map(({ label, spot }) => drawPlace(label, spot, view)),
    drawn("circle", { class: "here-ring", cx: origin.x, cy: origin.y, r: 9 }),
    drawn("circle", { class: "here", cx: origin.x, cy: origin.y, r: 5 }),
    label(origin.x, origin.y - 13, duration(now() - Date.parse(last.at)), "here-label", "middle"),
    drawScale(view),
    drawNorth(),
  );
}

/** @param {Spot[]} spots @returns {View} */
function fit(spots) {
  const xs = spots.map((spot) => spot.x);
  const ys = spots.map((spot) => spot.y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(SMALLEST, right - left),
    (HEIGHT - 2 * MARGIN) / Math.max(SMALLEST, high - low),
  );
  return {
    scale,
    x: (spot) => WIDTH / 2 + (spot.x - (left + right) / 2) * scale,
    y: (spot) => HEIGHT / 2 - (spot.y - (low + high) / 2) * scale,
  };
}

/**
 * @param {Incident} incident
 * @param {ReturnType<typeof planeAt>} plane
 * @param {View} view
 * @returns {import("../shared/element.js").Child[]}
 */
function drawZones(incident, plane, view) {
  return (incident.zones ?? []).flatMap((zone) => drawZone(zone, plane, view));
}

/**
 * @param {import("./model.js").Zone} zone
 * @param {ReturnType<typeof planeAt>} plane
 * @param {View} view
 * @returns {import("../shared/element.js").Child[]}
 */
function drawZone(zone, plane, view) {
  const look = `zone zone-${zone.kind}`;
  if (zone.center && zone.radius_m) {
    const spot = plane(zone.center);
    const radius = zone.radius_m * view.scale;
    const [x, y] = [view.x(spot), view.y(spot)];
    const above = y - radius - 5;
    const top = above > 12 ? above : Math.max(14, y - radius + 14);
    return [
      drawn("circle", { class: look, cx: x, cy: y, r: radius }),
      within(x, top) && label(x, top, zoneName(zone), `zone-label zone-label-${zone.kind}`, "middle"),
    ];
  }
  const corners = (zone.polygon ?? []).map(plane);
  const first = corners[0];
  if (!first) return [];
  const points = corners.map((spot) => `${view.x(spot)},${view.y(spot)}`).join(" ");
  return [
    drawn("polygon", { class: look, points }),
    label(view.x(first), view.y(first), zoneName(zone), `zone-label zone-label-${zone.kind}`, "start"),
  ];
}

/** @param {import("./model.js").Zone} zone */
function zoneName(zone) {
  return say(zone.kind === "exclusion" ? "drawing.exclusion" : "drawing.safe", { name: zone.name });
}

/** Earlier fixes as small dots; the first and a few between bear their age. @param {Fix[]} fixes @param {Spot[]} way @param {View} view */
function drawFixes(fixes, way, view) {
  let labelled = { x: view.x({ x: 0, y: 0 }), y: view.y({ x: 0, y: 0 }) };
  return fixes
    .map((fix, index) => ({ fix, spot: way[index] ?? { x: 0, y: 0 } }))
    .slice(0, -1)
    .reverse()
    .flatMap(({ fix, spot }) => {
      const at = { x: view.x(spot), y: view.y(spot) };
      const dot = drawn("circle", { class: "fix", cx: at.x, cy: at.y, r: 3 });
      if (apart(at, labelled) < 60) return [dot];
      labelled = at;
      return [dot, label(at.x + 7, at.y + 12, duration(now() - Date.parse(fix.at)), "fix-label", "start")];
    });
}

/** A place; one outside the picture stands at its edge, with how far off it is. @param {string} name @param {Spot} spot @param {View} view */
function drawPlace(name, spot, view) {
  const [x, y] = [view.x(spot), view.y(spot)];
  if (within(x, y)) {
    const left = x > WIDTH * 0.7;
    return drawn(
      "g",
      { class: "place" },
      drawn("rect", { x: x - 4, y: y - 4, width: 8, height: 8 }),
      label(x + (left ? -9 : 9), y + 4, name, "place-label", left ? "end" : "start"),
    );
  }
  const [cx, cy] = [WIDTH / 2, HEIGHT / 2];
  const shrink = Math.min((cx - 12) / Math.abs(x - cx || 1), (cy - 12) / Math.abs(y - cy || 1));
  const [ex, ey] = [cx + (x - cx) * shrink, cy + (y - cy) * shrink];
  const turn = (Math.atan2(y - cy, x - cx) * 180) / Math.PI;
  const right = ex > cx;
  const away = `${name} ${distance(apart(spot, { x: 0, y: 0 }))}`;
  return drawn(
    "g",
    { class: "place" },
    drawn("path", { d: "M7 0L-5 5V-5z", transform: `translate(${ex} ${ey}) rotate(${turn})` }),
    label(
      ex + (right ? -12 : 12),
      Math.min(HEIGHT - 30, Math.max(16, ey + 4)),
      away,
      "place-label",
      right ? "end" : "start",
    ),
  );
}

/** @param {number} x @param {number} y */
function within(x, y) {
  return x > 8 && x < WIDTH - 8 && y > 8 && y < HEIGHT - 8;
}

/** @param {View} view */
function drawScale(view) {
  const metres = roundLength(110 / view.scale);
  const [x, y] = [14, HEIGHT - 14];
  const end = x + metres * view.scale;
  return drawn(
    "g",
    { class: "scale" },
    drawn("path", { d: `M${x} ${y - 5}V${y}H${end}V${y - 5}` }),
    label(x + 4, y - 6, distance(metres), "scale-label", "start"),
  );
}

function drawNorth() {
  const [x, y] = [WIDTH - 18, HEIGHT - 14];
  return drawn(
    "g",
    { class: "scale" },
    drawn("path", { d: `M${x} ${y}V${y - 20}M${x - 4} ${y - 15}L${x} ${y - 20}L${x + 4} ${y - 15}` }),
    label(x - 8, y - 2, say("drawing.north"), "scale-label", "end"),
  );
}

/** @param {number} x @param {number} y @param {string} text @param {string} look @param {"start" | "middle" | "end"} anchor */
function label(x, y, text, look, anchor) {
  return drawn("text", { x, y, class: look, "text-anchor": anchor }, text);
}
