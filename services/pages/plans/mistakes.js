/** The mistakes of a text with their lines and columns; a touch puts the cursor there. */

import { say } from "../desk/wording.js";
import { element } from "../shared/element.js";

/** @typedef {import("../desk/api.js").Mistake} Mistake */

/** @param {string} text @param {number} at */
export function placeOf(text, at) {
  const lines = text.slice(0, at).split("\n");
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
}

/** @param {Mistake[]} mistakes @param {HTMLTextAreaElement} area @param {() => void} shown */
export function mistakeList(mistakes, area, shown) {
  return element(
    "ul",
    { class: "plans-mistakes", "data-testid": "mistakes" },
    ...mistakes.map((mistake) => {
      const { line, column, message } = mistake;
      if (line === null || column === null) return element("li", {}, message);
      const go = element(
        "button",
        { type: "button", class: "small", "data-testid": "mistake", onclick: () => (show(area, line, column), shown()) },
        say("policy.place", { line, column }),
      );
      return element("li", {}, go, element("span", { lang: "en" }, ` ${message}`));
    }),
  );
}

/** @param {HTMLTextAreaElement} area @param {number} line @param {number} column */
function show(area, line, column) {
  const lines = area.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  const end = before + (lines[line - 1] ?? "").length;
  area.focus();
  area.setSelectionRange(at, Math.max(at, end));
  const height = Number.parseFloat(getComputedStyle(area).lineHeight);
  if (Number.isFinite(height)) area.scrollTop = Math.max(0, (line - 4) * height);
}
