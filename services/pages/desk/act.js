/** Doing something: busy while it runs, the service's answer at the end, what went wrong in words. */

import { newId } from "../shared/client.js";
import { Problem, send } from "./api.js";
import { fill } from "../shared/element.js";
import { say } from "./wording.js";

/** Set once by the page: what follows when the session has ended. @type {{expired: () => void}} */
export const session = { expired: () => undefined };

/** @type {WeakMap<HTMLButtonElement, {act: string, key: string}>} */
const unanswered = new WeakMap();

/**
 * Sends what a button stands for. While no answer has come, the same act keeps its idempotency key, so that trying
 * again cannot do it twice.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} complaint where a problem is told; a live region
 * @param {string} path
 * @param {object | string | undefined} body
 * @param {(problem: Problem) => boolean} [other] takes a problem that is no failure; true when it did
 * @returns {Promise<any>} the answer, `true` where it has no body, or null when it did not succeed
 */
export function act(button, complaint, path, body, other) {
  return actBy("POST", button, complaint, path, body, other);
}

/**
 * The same with another method.
 * @param {import("./api.js").Method} method
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} complaint
 * @param {string} path
 * @param {object | string | undefined} body
 * @param {(problem: Problem) => boolean} [other]
 * @returns {Promise<any>}
 */
export async function actBy(method, button, complaint, path, body, other) {
  if (button.getAttribute("aria-busy") === "true") return null;
  const what = method + path + JSON.stringify(body);
  const before = unanswered.get(button);
  const key = before?.act === what ? before.key : newId();
  unanswered.set(button, { act: what, key });
  button.setAttribute("aria-busy", "true");
  fill(complaint);
  try {
    const answer = await send(method, path, body, { key });
    unanswered.delete(button);
    return answer ?? true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status !== 0 && error.status < 500 && error.status !== 401) unanswered.delete(button);
    if (!other?.(error)) complain(complaint, error);
    return null;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** @param {HTMLElement} complaint @param {Problem} problem */
export function complain(complaint, problem) {
  if (problem.status === 401) {
    fill(complaint, say("problem.session_ended"));
    session.expired();
    return;
  }
  const fields = (problem.body.errors ?? []).map((error) => `${error.field}: ${error.message}`);
  fill(complaint, [problem.words, ...fields].join(" · "));
}
