/** What has happened, the newest first; messages to and from the phone stand out as a conversation does. */

import { clockTime, duration } from "./clock.js";
import { element, redraw } from "../shared/element.js";
import { recipientWords } from "./phrases.js";
import { language, say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Incident} Incident
 * @typedef {import("./model.js").Entry} Entry
 */

/** @type {Record<string, string>} */
const LOOKS = { message: "from-us", person_wrote: "from-them", note: "note" };

export function makeTimeline() {
  const list = element("ol", { class: "timeline", "data-testid": "timeline" });
  const node = element(
    "section",
    { class: "card part", "aria-labelledby": "part-timeline" },
    element("h3", { id: "part-timeline", class: "part-title" }, say("part.timeline")),
    list,
  );
  return {
    node,
    /** @param {Incident} incident */
    update(incident) {
      redraw(list, incident.timeline, () => [...incident.timeline].reverse().map(entryRow));
    },
  };
}

/** @param {Entry} entry */
function entryRow(entry) {
  const look = LOOKS[entry.kind] ?? "fact";
  return element(
    "li",
    { class: `entry entry-${look}`, "data-testid": "timeline-entry", "data-kind": entry.kind },
    element("time", { datetime: entry.at, class: "entry-time" }, clockTime(entry.at, { seconds: true })),
    element(
      "div",
      { class: "entry-body" },
      element("span", { class: "entry-what" }, [entry.by, whatWords(entry)].filter(Boolean).join(": ")),
      entry.text && element("span", { class: "entry-text" }, entry.text),
    ),
  );
}

/** @param {Entry} entry */
function whatWords(entry) {
  const { trigger, disposition, recipient, name, seconds, policy, answered, quorum, team, card, answer, step } = entry.values ?? {};
  const what = sayName("timeline", entry.kind);
  const more = [
    trigger && sayName("trigger", String(trigger)).toLocaleLowerCase(language()),
    disposition && sayName("disposition", String(disposition)).toLocaleLowerCase(language()),
    (recipient || name) &&
      recipientWords({ name: name ? String(name) : null, recipient: recipient ? String(recipient) : null }),
    policy && String(policy),
    team && String(team),
    step && entry.kind === "escalated" && say("timeline.step", { step: String(step) }),
    card && sayName("card", String(card)),
    answer && sayName("card.answer", String(answer)),
    quorum && say("timeline.of", { count: String(answered), quorum: String(quorum) }),
    seconds && duration(Number(seconds) * 1000),
  ].filter(Boolean);
  return more.length > 0 ? say("timeline.with", { what, more: more.join(", ") }) : what;
}
