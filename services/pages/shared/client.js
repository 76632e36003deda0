/**
 * Calls to the service with a bearer token: a limit of time on each, errors that say what the caller can do about
 * them, and the service's clock read off the answers.
 *
 * @typedef {{type?: string, title?: string, status?: number, detail?: string,
 *   errors?: {field: string, message: string}[]}} Problem
 *
 * @typedef {object} How
 * @property {object} [body]
 * @property {string | null} [token]
 * @property {number} [within] milliseconds until the call counts as lost
 * @property {boolean} [keepalive] lets the call outlive the page
 * @property {Record<string, string>} [headers]
 * @property {string} [key] the act's idempotency key; the same act tried again must bear the same one
 * @property {AbortSignal} [signal]
 */

const WITHIN = 8_000;

/** No answer: the same call may be made again. */
export class Unreachable extends Error {}

/** An answer that is not the one that was hoped for. */
export class Refused extends Error {
  /** @param {number} status @param {Problem} problem */
  constructor(status, problem) {
    super(problem.title ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
  }

  /** The service could not do it now; the same call may be made again. */
  get passing() {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }

  /** The stable last part of the problem's type. */
  get kind() {
    return (this.problem.type ?? "").split("/").at(-1) ?? "";
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {How} [how]
 * @returns {Promise<any>} the answer's JSON, or null where it has none
 */
export async function call(method, path, how = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), how.within ?? WITHIN);
  const abort = () => limit.abort();
  how.signal?.addEventListener("abort", abort);
  if (how.signal?.aborted) abort();
  try {
    const sent = Date.now();
    const response = await fetch(path, {
      method,
      headers: headers(method, how),
      body: how.body === undefined ? null : JSON.stringify(how.body),
      keepalive: how.keepalive ?? false,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: limit.signal,
    });
    setClock(response.headers.get("Date"), sent, Date.now());
    const answer = await response.json().catch(() => null);
    // A body that breaks off is a call that was lost, whatever the status said.
    if (limit.signal.aborted) throw new Unreachable();
    if (!response.ok) throw new Refused(response.status, answer ?? {});
    return answer;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable("no answer", { cause: error });
  } finally {
    clearTimeout(timer);
    how.signal?.removeEventListener("abort", abort);
  }
}

/** @param {string} method @param {How} how */
function headers(method, how) {
  /** @type {Record<string, string>} */
  const all = { Accept: "application/json", ...how.headers };
  if (how.token) all.Authorization = `Bearer ${how.token}`;
  if (how.body !== undefined) all["Content-Type"] = "application/json";
  if (method !== "GET") all["Idempotency-Key"] = how.key ?? newId();
  return all;
}

/** A new id. `randomUUID` is missing where the page was not served securely; an act must not fail for that. */
export function newId() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// How far the service's clock is ahead of this machine's: somewhere between these two. `Date` counts whole seconds,
// so every answer narrows the span, and one that does not fit it means that a clock was set.
let least = -Infinity;
let most = Infinity;

/** @param {string | null} date @param {number} sent @param {number} received */
function setClock(date, sent, received) {
  const told = date === null ? NaN : Date.parse(date);
  if (!Number.isFinite(told)) return;
  const low = told - received;
  const high = told + 1000 - sent;
  if (low > most || high < least) [least, most] = [low, high];
  else [least, most] = [Math.max(least, low), Math.min(most, high)];
}

/** The service's time now, in milliseconds. */
export function serviceNow() {
  return Number.isFinite(least) ? Date.now() + (least + most) / 2 : Date.now();
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
