/** What a link opens for a trusted contact: the question whether they agree, or the incident that they were told of. */

import { Refused, call, pause } from "../shared/client.js";
import { element, fill, redraw } from "../shared/element.js";
import { firstLanguage, loadWords } from "../shared/words.js";
import { drawAlert } from "./alert.js";
import { drawInvitation } from "./invitation.js";

const LOOK_EVERY = 5_000;
const KEPT_AS = `link:${location.pathname}`;

/** The link's code, out of the address and the history as soon as it was read. */
function takeCode() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEPT_AS, given);
    history.replaceState(null, "", location.pathname);
  }
  return given || sessionStorage.getItem(KEPT_AS);
}

const isAlert = location.pathname !== "/contact";
const path = isAlert ? "/v1/alert" : "/v1/invitation";
const code = takeCode();
const page = element("main", { class: "letter-page", "data-testid": isAlert ? "alert-page" : "invitation-page" });
document.body.append(page);

/** @param {string} key @param {string} [language] */
async function complain(key, language) {
  const say = await loadWords(language ?? firstLanguage(...navigator.languages), "contact");
  document.documentElement.lang = say.language;
  document.title = say("page.title");
  fill(page, element("h1", {}, say("page.title")), element("p", { role: "alert", "data-testid": "problem" }, say(key)));
}

/** @param {string} act @param {object} body */
async function answer(act, body) {
  try {
    await call("POST", `${path}/${act}`, { token: code, body });
  } catch (error) {
    if (error instanceof Refused && !error.passing) return look();
    throw error;
  }
  return look();
}

async function look() {
  const shown = await call("GET", path, { token: code });
  const say = await loadWords(firstLanguage(shown.language), "contact");
  document.documentElement.lang = say.language;
  document.title = say("page.title");
  const { now: _, ...value } = shown;
  redraw(page, value, () => (isAlert ? drawAlert(shown, say, answer) : drawInvitation(shown, say, answer)));
}

async function follow() {
  for (;;) {
    try {
      await look();
    } catch (error) {
      if (error instanceof Refused && !error.passing) return complain("problem.closed");
      if (page.childElementCount === 0) await complain("problem.unreachable");
    }
    // An invitation is answered once; an alert is followed.
    if (!isAlert && page.childElementCount > 0) return undefined;
    await pause(LOOK_EVERY);
  }
}

if (code) void follow();
else void complain("problem.no_code");
