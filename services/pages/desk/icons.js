/** Small signs. Each stands beside its word; none carries a meaning alone. */

import { drawn } from "../shared/element.js";

/** Outlines on a field of 16 by 16. @type {Record<string, string[]>} */
const STROKES = {
  text: ["M2.5 3h11v8h-6l-3 2.5V11h-2z", "M5 6h6M5 8.4h4"],
  question: ["M5.6 6a2.4 2.4 0 1 1 3.5 2.1c-.8.4-1.1.8-1.1 1.6", "M8 12.2v.2"],
  phone: [
    "M4 2.5h2.2l1 3-1.4 1.2a8 8 0 0 0 3.5 3.5l1.2-1.4 3 1V12a1.6 1.6 0 0 1-1.7 1.6A10.3 10.3 0 0 1 2.4 4.2 1.6 1.6 0 0 1 4 2.5z",
  ],
  never: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z", "M3.8 3.8l8.4 8.4"],
  unknown: ["M3 8h10"],
  place: ["M8 14.2S3.4 9.8 3.4 6.5a4.6 4.6 0 0 1 9.2 0c0 3.3-4.6 7.7-4.6 7.7z", "M8 5v3M6.5 6.5h3"],
  warning: ["M8 2l6.4 11.5H1.6z", "M8 6.4v3.2M8 11.6v.2"],
  nobody: ["M8 3.2a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8z", "M3.2 13.6c.4-2.8 2.3-4.2 4.8-4.2s4.4 1.4 4.8 4.2"],
  next: ["M2.5 8h10M9 4.5L12.8 8 9 11.5"],
  check: ["M3 8.6l3.2 3.2L13 4.8"],
  clock: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z", "M8 4.6V8l2.4 1.6"],
  sound: ["M2.5 6.2h2.4L8 3.4v9.2L4.9 9.8H2.5z", "M10.2 5.6a3.4 3.4 0 0 1 0 4.8M12 3.9a5.8 5.8 0 0 1 0 8.2"],
  silent: ["M2.5 6.2h2.4L8 3.4v9.2L4.9 9.8H2.5z", "M10.4 6.2l3.4 3.6M13.8 6.2l-3.4 3.6"],
  out: ["M6.5 2.5h-4v11h4", "M6 8h8M11 4.8L14.2 8 11 11.2"],
  back: ["M13.5 8h-10M7 4.5L3.2 8 7 11.5"],
  drill: ["M2.5 13.5l11-11", "M5 3.2h8v8"],
};

/** @param {string} name */
export function icon(name) {
  return drawn(
    "svg",
    { viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" },
    ...(STROKES[name] ?? []).map((d) => drawn("path", { d })),
  );
}

/** The four severities differ in shape: eight corners, three, four, none. @type {Record<string, string>} */
const SHAPES = {
  extreme: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  severe: "M8 1.2l7.4 13.2H.6z",
  moderate: "M8 .8L15.2 8 8 15.2.8 8z",
  minor: "M8 1.4a6.6 6.6 0 1 1 0 13.2A6.6 6.6 0 0 1 8 1.4z",
};

/** @param {string} severity */
export function shape(severity) {
  return drawn(
    "svg",
    { viewBox: "0 0 16 16", class: "shape", "aria-hidden": "true", focusable: "false" },
    drawn("path", { d: SHAPES[severity] ?? SHAPES.minor ?? "" }),
  );
}
