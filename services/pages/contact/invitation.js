/** The invitation: who asks, what it means, one question, yes or no. */

import { element } from "../shared/element.js";

/**
 * @typedef {{language: string, organization: string, contact: string, person: string,
 *   state: "pending" | "confirmed" | "declined", asked?: boolean}} Invitation
 */

const READS = ["nobody_else", "others", "unknown"];

/**
 * @param {Invitation} invitation
 * @param {import("../shared/words.js").Say} say
 * @param {(act: string, body: object) => Promise<void>} answer
 */
export function drawInvitation(invitation, say, answer) {
  const name = invitation.person;
  const said = element("p", { role: "status", "data-testid": "invitation-state" }, say(`state.${invitation.state}`, { name }));
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  /** @param {string} act @param {() => object} body */
  const act = (act, body) => async () => {
    problem.hidden = true;
    try {
      await answer(act, body());
    } catch {
      problem.textContent = say("problem.not_sent");
      problem.hidden = false;
    }
  };
  const question = element(
    "fieldset",
    { class: "card" },
    element("legend", {}, say("reads.question")),
    ...READS.map((value) =>
      element(
        "label",
        {},
        element("input", { type: "radio", name: "reads", value, "data-testid": `reads-${value}` }),
        say(`reads.${value}`),
      ),
    ),
  );
  const chosen = () => {
    const radio = question.querySelector("input:checked");
    return { reads: radio instanceof HTMLInputElement ? radio.value : "unknown" };
  };
  return [
    element("h1", {}, say("invitation.title", { name })),
    element("p", {}, say("invitation.text", { name, organization: invitation.organization })),
    element("ul", { class: "plain-list" }, ...[1, 2, 3].map((n) => element("li", {}, say(`invitation.point_${n}`, { name })))),
    said,
    invitation.state !== "confirmed" && question,
    problem,
    element(
      "div",
      { class: "answers" },
      invitation.asked &&
        element(
          "button",
          { type: "button", class: "primary", "data-testid": "heard", onclick: act("heard", () => ({})) },
          say("invitation.heard"),
        ),
      invitation.state !== "confirmed" &&
        element(
          "button",
          { type: "button", class: "primary", "data-testid": "confirm", onclick: act("confirm", chosen) },
          say("invitation.confirm"),
        ),
      invitation.state !== "declined" &&
        element(
          "button",
          { type: "button", "data-testid": "decline", onclick: act("decline", () => ({})) },
          say(invitation.state === "confirmed" ? "invitation.withdraw" : "invitation.decline"),
        ),
    ),
  ];
}
