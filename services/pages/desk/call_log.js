/** A call that goes on: written down when it begins and ends, and a sign of life each minute in between. */

import { act, complain } from "./act.js";
import { Problem, post } from "./api.js";
import { now, since } from "./clock.js";
import { say } from "./wording.js";
import { element, redraw } from "../shared/element.js";

const EACH = 60_000;
/** Nobody talks longer without touching the desk: then it was forgotten to end it. */
const LONGEST = 60 * EACH;

/** @typedef {{whom: string, since: string, timer: number}} Going */

/** What goes on, by incident: it goes on while another incident is looked at. @type {Map<string, Going>} */
const going = new Map();

/**
 * @param {string} id of the incident
 * @param {(answer: any) => void} changed
 */
export function makeCallLog(id, changed) {
  const path = `/v1/incidents/${id}/calls`;
  const complaint = element("p", { class: "problem", role: "alert" });
  const said = element("span", { role: "status" });
  const button = element(
    "button",
    { type: "button", class: "small", "data-testid": "call-end", onclick: () => void end() },
    say("call.end"),
  );
  const node = element("div", { class: "call-log", hidden: true, "data-testid": "call-log" }, said, button, complaint);

  function show() {
    const call = going.get(id);
    node.hidden = !call;
    redraw(said, call ?? null, () => (call ? [say("call.with", { name: call.whom }), " ", since(call.since)] : []));
  }

  /** @param {string} whom */
  async function begin(whom) {
    if (going.has(id)) return;
    const began = now();
    const timer = setInterval(() => void goOn(began), EACH);
    going.set(id, { whom, since: new Date(began).toISOString(), timer });
    show();
    try {
      changed(await post(path, { call: "begun", whom }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      complain(complaint, error);
    }
  }

  /** @param {number} began */
  async function goOn(began) {
    if (now() - began > LONGEST) {
      await end();
      return;
    }
    try {
      await post(path, { call: "running" });
    } catch (error) {
      // What did not get through is said again in a minute; a closed incident needs no more signs of life.
      if (!(error instanceof Problem)) throw error;
      if (error.status >= 400 && error.status < 500) forget();
    }
  }

  async function end() {
    const call = going.get(id);
    if (!call) return;
    const answer = await act(button, complaint, path, { call: "ended", whom: call.whom });
    if (!answer) return;
    forget();
    changed(answer);
  }

  function forget() {
    clearInterval(going.get(id)?.timer);
    going.delete(id);
    show();
  }

  show();
  return { node, begin };
}
