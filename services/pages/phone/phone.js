/** The phone page: what it is made of, and the order in which it wakes up. Pressing waits for nothing else. */

import { dayOfYear } from "../shared/words.js";
import { CheckIns } from "./check_ins.js";
import { codeFromAddress, enrol } from "./enrol.js";
import { followAlarm } from "./follow.js";
import { HoldControl } from "./hold.js";
import { Journeys } from "./journeys.js";
import { Messages } from "./messages.js";
import { Near } from "./near.js";
import { offerNumbers } from "./numbers.js";
import { button, part, write } from "./page.js";
import { person, refresh, startPerson, tokens, useTokens } from "./person.js";
import { PressQueue } from "./press.js";
import { Questions } from "./questions.js";
import { Schedules } from "./schedules.js";
import { Trail } from "./trail.js";
import * as vault from "./vault.js";
import { language, onWords, say, speak } from "./wording.js";

const queue = new PressQueue();
const trail = new Trail(queue);

/** @type {HoldControl | undefined} */
let hold;

function startPage() {
  part("setup").hidden = true;
  part("main").hidden = false;
  if (hold) return;
  hold = new HoldControl(() => void press());
  followAlarm(queue, trail);
  offerNumbers(queue);
  new CheckIns();
  new Questions();
  new Near();
  new Journeys();
  new Schedules();
  new Messages();
  startPerson();
  void trail.offer();
  queue.addEventListener("stored", () => setTimeout(() => void refresh(), 1500));
}

async function press() {
  await queue.raise(trail.last);
}

/** @param {"none" | "used" | "unreachable" | "connecting"} state @param {string} [code] */
function showSetup(state, code) {
  part("main").hidden = true;
  part("setup").hidden = false;
  write(part("setup-text"), say(`setup.${state}`));
  const again = button("setup-again");
  again.hidden = state !== "unreachable";
  again.onclick = () => void connect(code ?? "");
}

/** Spends a code. Where the phone is connected already, a code that does not work changes nothing. @param {string} code */
async function connect(code) {
  const known = tokens() !== null;
  if (!known) showSetup("connecting");
  const outcome = await enrol(code);
  if (typeof outcome !== "string") {
    await useTokens(outcome.tokens);
    await vault.write("language", outcome.language);
    await speak(outcome.language).catch(() => undefined);
    void navigator.storage?.persist?.();
    startPage();
    void refresh();
  } else if (!known) showSetup(outcome, code);
}

function showDate() {
  write(part("date"), dayOfYear(Date.now(), language()));
}

async function start() {
  const code = codeFromAddress();
  addEventListener("hashchange", () => {
    const another = codeFromAddress();
    if (another) void connect(another);
  });
  await useTokens((await vault.read("tokens").catch(() => null)) ?? null, { keep: false });
  onWords(showDate);
  // The control has to be there even when the words are late or cannot be had.
  if (tokens()) startPage();
  queue.wakeFromVault();
  await speak(await vault.read("language").catch(() => null)).catch(() => undefined);
  if (code) await connect(code);
  else if (!tokens()) showSetup("none");
  const online = () => (part("offline").hidden = navigator.onLine);
  addEventListener("online", online);
  addEventListener("offline", online);
  online();
  setInterval(showDate, 60_000);
  document.addEventListener("person", () => {
    const her = person();
    const under_way = her?.journeys?.some((each) => ["under_way", "due", "overdue"].includes(each.state));
    trail.ask(Boolean(under_way || her?.stay_near || her?.rules?.length));
    const spoken = her?.language;
    if (spoken && spoken !== language()) void speak(spoken).catch(() => undefined);
  });
}

void start();
