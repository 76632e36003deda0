/** The one-time code of the link that this phone was given. */

import { Refused, call, newId, pause } from "../shared/client.js";

const TRIES = 3;

/** Takes the code out of the address, and out of the history with it. @returns {string | null} */
export function codeFromAddress() {
  const code = location.hash.slice(1);
  if (code) history.replaceState(null, "", location.pathname);
  return code ? decodeURIComponent(code) : null;
}

/**
 * @param {string} code
 * @returns {Promise<{tokens: import("./vault.js").Tokens, language: string} | "used" | "unreachable">}
 */
export async function enrol(code) {
  const key = newId();
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      const answer = await call("POST", "/v1/enrolments", { body: { code }, key });
      return { tokens: { device: answer.token, panic: answer.panic_token }, language: answer.language };
    } catch (error) {
      if (error instanceof Refused && !error.passing) return "used";
      await pause(700 * (attempt + 1));
    }
  }
  return "unreachable";
}
