/** What is open in a plan, in the reader's words. */

import { clockTime } from "../desk/clock.js";
import { recipientWords } from "../desk/phrases.js";
import { say, sayName } from "../desk/wording.js";

/** @typedef {{kind: string, step: number | null, values: Record<string, string | number | null>, text: string}} Hole */

/** @param {Hole} hole */
export function holeWords(hole) {
  const { recipient, name, channel, team, since, until, trigger, at, names, within } = hole.values;
  const known = `hole.${hole.kind}`;
  const values = {
    step: hole.step ?? "",
    who: recipient ? recipientWords({ name: name ? String(name) : null, recipient: String(recipient) }) : "",
    names: names ?? "",
    channel: channel ? sayName("channel", String(channel)) : "",
    team: team ?? "",
    since: since ? clockTime(String(since)) : "",
    until: until ? clockTime(String(until)) : "",
    trigger: trigger ? sayName("trigger", String(trigger)) : "",
    at: at ? clockTime(String(at)) : "",
    within: within ?? "",
  };
  const said = say(known, values);
  return said === known ? hole.text : said;
}
