/**
 * The page is built from these few functions: text is always text, never markup.
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, string | number | boolean | null | undefined | EventListener>} Attributes
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. A function is a listener (`onclick`), `true` an empty attribute; `false` and null are left out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  dress(node, attributes);
  fill(node, ...children);
  return node;
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function drawn(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  dress(node, attributes);
  fill(node, ...children);
  return node;
}

/** @param {Element} node @param {Attributes} attributes */
function dress(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

/**
 * Replaces what is in a node.
 * @param {Element} node
 * @param {...Child} children
 */
export function fill(node, ...children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  node.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
}

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * Draws a part again only when what it shows has changed, so that a live update neither moves the focus nor undoes a
 * selection; where the focused control is drawn again, its successor with the same `data-key` gets the focus.
 * @param {Element} node
 * @param {unknown} value
 * @param {() => Child[]} draw
 */
export function redraw(node, value, draw) {
  const key = JSON.stringify(value);
  if (shown.get(node) === key) return;
  shown.set(node, key);
  const focused = document.activeElement;
  const name = focused instanceof HTMLElement && node.contains(focused) ? focused.dataset.key : undefined;
  fill(node, ...draw());
  if (name) {
    const successor = node.querySelector(`[data-key="${CSS.escape(name)}"]`);
    if (successor instanceof HTMLElement) successor.focus({ preventScroll: true });
  }
}

/** Sets text only when it differs, which keeps selections and spares work. @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
