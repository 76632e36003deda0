/** A call that goes on: written down when it begins and ends, and a sign of life in between, within any lease. */

import { act, complain } from "./act.js";
import { Problem, post } from "./api.js";
import { now, since } from "./clock.js";
import { say } from "./wording.js";
import { element, redraw } from "../shared/element.js";

const EACH = 20_000;
/** After so long it may have been forgotten to end it: it is ended, and the hold lapses in its own time. */
const LONGEST = 45 * EACH;

/** @typedef {{whom: string, since: string, timer: number}} Going */

/** What goes on, by incident: it goes on while another incident is looked at. @type {Map<string, Going>} */
const going = new Map();
/** How it is shown again where an incident is looked at now, by incident. @type {Map<string, () => void>} */
const shown = new Map();

/**
 * @param {string} id of the incident
 * @param {(answer: any) => void} changed
 */
export function makeCallLog(id, changed) {
  const path = `/v1/incidents/${id}/calls`;
  let live = false;
  const complaint = element("p", { class: "problem", role: "alert" });
  const said = element("span", { role: "status" });
  const stop = element(
    "button",
    { type: "button", class: "small", "data-testid": "call-end", onclick: () => void end() },
    say("call.end"),
  );
  const { form, open } = makeForm((whom) => void begin(whom));
  const node = element("div", { class: "call-log", "data-testid": "call-log" }, said, stop, open, form, complaint);

  function show() {
    const call = going.get(id);
    node.hidden = !call && !live;
    stop.hidden = !call;
    open.hidden = Boolean(call) || !form.hidden;
    if (call) form.hidden = true;
    redraw(said, call ?? null, () => (call ? [say("call.with", { name: call.whom }), " ", since(call.since)] : []));
  }

  /** One call after the other: whoever rings somebody else has ended the one before. @param {string} whom */
  async function begin(whom) {
    const before = going.get(id);
    if (before?.whom === whom) return;
    forget();
    const began = now();
    const timer = setInterval(() => void goOn(began), EACH);
    going.set(id, { whom, since: new Date(began).toISOString(), timer });
    show();
    try {
      if (before) await post(path, { call: "ended", whom: before.whom });
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
    const answer = await act(stop, complaint, path, { call: "ended", whom: call.whom });
    if (!answer) return;
    forget();
    changed(answer);
  }

  function forget() {
    clearInterval(going.get(id)?.timer);
    going.delete(id);
    shown.get(id)?.();
  }

  shown.set(id, show);
  show();
  return {
    node,
    begin,
    /** A closed incident has no calls. @param {boolean} isLive */
    update(isLive) {
      live = isLive;
      if (!live) forget();
      show();
    },
  };
}

/** For whoever rings with another telephone: with whom. @param {(whom: string) => void} begin */
function makeForm(begin) {
  const field = element("input", {
    id: "call-whom",
    type: "text",
    maxlength: 200,
    required: true,
    autocomplete: "off",
    "data-testid": "call-whom",
  });
  const form = element(
    "form",
    { class: "call-log", hidden: true, onsubmit: submit },
    element("label", { for: "call-whom" }, say("call.whom")),
    field,
    element("button", { class: "small", "data-testid": "call-begin" }, say("call.begin")),
  );
  const open = element(
    "button",
    { type: "button", class: "small", "data-testid": "call-open", onclick: ask },
    say("call.open"),
  );

  function ask() {
    form.hidden = false;
    open.hidden = true;
    field.focus();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const whom = field.value.trim();
    if (!whom) return;
    field.value = "";
    form.hidden = true;
    begin(whom);
  }

  return { form, open };
}
