/** Signing in: with the one-time code of a link, or with a staff token. */

import { Problem, get, post } from "./api.js";
import { element, fill } from "../shared/element.js";
import { say } from "./wording.js";

/** The code in the address, which is taken out of it at once. */
export function takeCode() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}

/** @param {{code: string} | {token: string}} by @returns {Promise<import("./model.js").Session>} */
export async function signIn(by) {
  await post("/v1/sessions", by);
  return get("/v1/session");
}

/**
 * @param {{ended: boolean, problem: Problem | null, tools: Node, done: (session: import("./model.js").Session) => void}} how
 *   `ended`: a session was there before, and what was typed is kept
 */
export function makeSignIn({ ended, problem, tools, done }) {
  const complaint = element("p", {
    class: "problem",
    role: "alert",
    id: "sign-in-problem",
    "data-testid": "sign-in-problem",
  });
  const token = element("input", {
    id: "sign-in-token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "sign-in-hint sign-in-problem",
    "data-testid": "sign-in-token",
  });
  const button = element("button", { type: "submit", class: "primary", "data-testid": "sign-in" }, say("sign_in.go"));
  const form = element(
    "form",
    { class: "card sign-in-card" },
    element("h1", {}, say("page.title")),
    element(
      "p",
      { class: ended ? "sign-in-ended" : "muted", role: ended ? "status" : null },
      say(ended ? "sign_in.ended" : "sign_in.lead"),
    ),
    element("label", { for: "sign-in-token" }, say("sign_in.token")),
    token,
    element("p", { id: "sign-in-hint", class: "hint muted" }, say("sign_in.hint")),
    complaint,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    const value = token.value.trim();
    if (!value) {
      fill(complaint, say("sign_in.empty"));
      token.focus();
      return;
    }
    button.setAttribute("aria-busy", "true");
    fill(complaint);
    try {
      done(await signIn({ token: value }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      fill(complaint, error.status === 401 || error.status === 403 ? say("sign_in.refused") : error.words);
      token.select();
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  if (problem)
    fill(complaint, problem.status === 401 || problem.status === 403 ? say("sign_in.code_used") : problem.words);
  return element("main", { class: "sign-in", "data-testid": "sign-in-page" }, form, tools);
}
