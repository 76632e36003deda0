/** The parts of the page by name; a name that is not there is a mistake that shows at once. */

/**
 * @template {typeof Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {Kind} kind
 * @returns {InstanceType<Kind>}
 */
export function find(root, selector, kind) {
  const node = root.querySelector(selector);
  if (!(node instanceof kind)) throw new Error(`the page has no ${selector}`);
  return /** @type {InstanceType<Kind>} */ (node);
}

/** @param {string} id */
export const part = (id) => find(document, `#${id}`, HTMLElement);
/** @param {string} id */
export const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** @param {string} id */
export const dialog = (id) => find(document, `#${id}`, HTMLDialogElement);

/** A new copy of a template's one element. @param {string} id @returns {HTMLElement} */
export function copyOf(id) {
  const first = find(document, `#${id}`, HTMLTemplateElement).content.firstElementChild;
  const copy = first?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`the template ${id} is empty`);
  return copy;
}

/** Sets text only when it differs: live regions then speak only when something is new. @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Closes a dialog by its closing buttons and by a touch beside it. @param {HTMLDialogElement} box */
export function closable(box) {
  for (const closer of box.querySelectorAll("[data-close]")) closer.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
}
