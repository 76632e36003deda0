/** Plane geometry in metres round a point: exact enough for the few kilometres that a drawing shows. */

/**
 * @typedef {import("./model.js").Point} Point
 * @typedef {import("./model.js").Zone} Zone
 * @typedef {{x: number, y: number}} Spot metres east and north
 */

const METRES_PER_DEGREE = 111_320;

/** @param {Point} origin @returns {(point: Point) => Spot} */
export function planeAt(origin) {
  const shrink = Math.cos((origin.latitude * Math.PI) / 180);
  return (point) => ({
    x: (((point.longitude - origin.longitude + 540) % 360) - 180) * METRES_PER_DEGREE * shrink,
    y: (point.latitude - origin.latitude) * METRES_PER_DEGREE,
  });
}

/** @param {Spot} a @param {Spot} b */
export function apart(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * How far a spot is from a zone's border: negative inside.
 * @param {Spot} spot
 * @param {Zone} zone
 * @param {(point: Point) => Spot} plane
 * @returns {number | null} null for a zone without a shape
 */
export function toBorder(spot, zone, plane) {
  if (zone.center && zone.radius_m) return apart(spot, plane(zone.center)) - zone.radius_m;
  if (!zone.polygon || zone.polygon.length < 3) return null;
  const corners = zone.polygon.map(plane);
  let inside = false;
  let nearest = Infinity;
  corners.forEach((a, index) => {
    const b = corners[(index + 1) % corners.length] ?? a;
    nearest = Math.min(nearest, toSegment(spot, a, b));
    if (a.y > spot.y !== b.y > spot.y && spot.x < ((b.x - a.x) * (spot.y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  });
  return inside ? -nearest : nearest;
}

/** @param {Spot} spot @param {Spot} a @param {Spot} b */
function toSegment(spot, a, b) {
  const length = apart(a, b) ** 2;
  const along = length === 0 ? 0 : ((spot.x - a.x) * (b.x - a.x) + (spot.y - a.y) * (b.y - a.y)) / length;
  const t = Math.max(0, Math.min(1, along));
  return apart(spot, { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
}

/** The largest of 1, 2, 5, 10, 20, 50 … that is not more than `metres`. @param {number} metres */
export function roundLength(metres) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, metres)));
  return ([5, 2].find((step) => step * power <= metres) ?? 1) * power;
}
