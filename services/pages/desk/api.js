/** Calls to the service. Whatever goes wrong comes out as a `Problem` that can be said in words. */

import { newId } from "../shared/client.js";
import { say } from "./wording.js";

/**
 * @typedef {{type?: string, title?: string, status?: number, detail?: string, holder?: unknown,
 *   errors?: {field: string, message: string}[], mistakes?: Mistake[]}} ProblemBody
 *
 * @typedef {{line: number | null, column: number | null, field: string, message: string}} Mistake
 * @typedef {"POST" | "PUT" | "PATCH" | "DELETE"} Method
 */

/** An answer that is not the one that was hoped for; `status` 0 is no answer at all. */
export class Problem extends Error {
  /** @param {number} status @param {ProblemBody} body */
  constructor(status, body) {
    super(body.title ?? String(status));
    this.status = status;
    this.body = body;
  }

  /** What to tell the reader. */
  get words() {
    const slug = (this.body.type ?? "").split("/").at(-1) ?? "";
    const known = `problem.${slug.replaceAll("-", "_")}`;
    const said = say(known);
    if (said !== known) return said;
    if (this.body.detail) return this.body.detail;
    if (this.status === 0) return say("problem.unreachable");
    if (this.status >= 500) return say("problem.server");
    return this.body.title ?? say("problem.other", { status: this.status });
  }
}

const ANSWER_WITHIN = 15_000;

/**
 * @param {string} method
 * @param {string} path
 * @param {object | string} [body] a text is sent as it is
 * @param {{key?: string}} [how] `key`: the act's idempotency key; the same act tried again must bear the same one
 * @returns {Promise<any>}
 */
async function call(method, path, body, { key } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = typeof body === "string" ? "text/plain" : "application/json";
  if (key) headers["Idempotency-Key"] = key;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
  } catch {
    throw new Problem(0, {});
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new Problem(response.status, answer ?? {});
}

/** @param {string} path */
export function get(path) {
  return call("GET", path);
}

/** @param {string} path @param {object | string} body @param {{key?: string}} [how] */
export function post(path, body, how = {}) {
  return send("POST", path, body, how);
}

/** @param {Method} method @param {string} path @param {object | string | undefined} body @param {{key?: string}} [how] */
export function send(method, path, body, how = {}) {
  return call(method, path, body, { key: how.key ?? newId() });
}

/** @param {string} path */
export function remove(path) {
  return call("DELETE", path);
}

/**
 * A whole list, page after page.
 * @template Item
 * @param {string} path
 * @param {string} member
 * @param {number} [pages] the most pages to take
 * @returns {Promise<Item[]>}
 */
export async function list(path, member, pages = 50) {
  /** @type {Item[]} */
  const items = [];
  let after = "";
  for (let page = 0; page < pages; page += 1) {
    const joint = path.includes("?") ? "&" : "?";
    const answer = await get(`${path}${joint}limit=200${after && `&after=${encodeURIComponent(after)}`}`);
    items.push(...answer[member]);
    if (!answer.next) break;
    after = answer.next;
  }
  return items;
}
