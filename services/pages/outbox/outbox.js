/** The demo's outbox: what would have been sent, the newest first, looked at again every second. */

import { Problem, get } from "../desk/api.js";
import { clockTime } from "../desk/clock.js";
import { element, fill, redraw, write } from "../shared/element.js";
import { makeLanguages } from "../desk/header.js";
import { languageName, preferredLanguage, say, sayName, speak } from "../desk/wording.js";

/**
 * @typedef {{id: string, at: string, channel: string, to: string, recipient: string | null, subject: string | null,
 *   text: string, language: string | null, links?: string[]}} Message
 */

const EVERY = 1_000;

/** @type {Message[]} */
let messages = [];
/** Those that were there when the page was opened do not count as new. @type {Set<string> | null} */
let seen = null;

const title = element("h1");
const lead = element("p", { class: "muted" });
const count = element("p", { class: "outbox-count muted", role: "status", "data-testid": "outbox-count" });
const complaint = element("p", { class: "problem", role: "alert", "data-testid": "outbox-problem" });
const list = element("ol", { class: "letters", "data-testid": "outbox" });
const tools = element("div");

/** @param {Message} message */
function letter(message) {
  const fresh = seen !== null && !seen.has(message.id);
  return element(
    "li",
    {
      class: fresh ? "card letter letter-fresh" : "card letter",
      "data-testid": "outbox-message",
      "data-message": message.id,
      "data-channel": message.channel,
    },
    element(
      "div",
      { class: "letter-head" },
      element("span", { class: "letter-channel" }, sayName("channel", message.channel)),
      element("strong", {}, message.recipient),
      element("span", { class: "muted letter-to" }, say("outbox.to", { address: message.to })),
      message.language && element("span", { class: "muted" }, languageName(message.language)),
      element("time", { datetime: message.at }, clockTime(message.at, { seconds: true })),
    ),
    message.subject && element("h2", { lang: message.language }, message.subject),
    element("p", { class: "letter-text", lang: message.language }, message.text),
    ...(message.links ?? [])
      .filter(isWebAddress)
      .map((link) =>
        element(
          "a",
          { class: "letter-link", href: link, target: "_blank", rel: "noreferrer" },
          say("outbox.link", { address: bare(link) }),
        ),
      ),
  );
}

/** @param {string} link */
function isWebAddress(link) {
  return /^https?:\/\//.test(link) || link.startsWith("/");
}

/** A link without its code. @param {string} link */
function bare(link) {
  return link.split("#")[0] ?? link;
}

function show() {
  write(count, say("outbox.count", { count: messages.length }));
  redraw(
    list,
    messages.map((message) => message.id),
    () =>
      messages.length > 0
        ? messages.map(letter)
        : [
            element(
              "li",
              { class: "letters-empty", "data-testid": "outbox-empty" },
              element("p", {}, say("outbox.empty")),
              element("p", { class: "muted" }, say("outbox.empty_hint")),
            ),
          ],
  );
}

async function look() {
  try {
    messages = (await get("/v1/outbox")).messages;
    fill(complaint);
    show();
    seen ??= new Set(messages.map((message) => message.id));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    write(complaint, error.status === 0 || error.status >= 500 ? say("outbox.no_answer") : error.words);
  }
  setTimeout(look, EVERY);
}

/** @param {string} language @param {boolean} [remember] */
async function name(language, remember = false) {
  await speak(language, { remember });
  document.title = say("outbox.title");
  write(title, say("outbox.title"));
  write(lead, say("outbox.lead"));
  fill(
    tools,
    makeLanguages((wish) => void name(wish, true)),
  );
  redraw(list, language, () => []);
  if (seen) show();
}

await name(preferredLanguage());
fill(
  document.body,
  element(
    "main",
    { class: "outbox" },
    element("div", { class: "outbox-top" }, title, tools),
    lead,
    count,
    complaint,
    list,
  ),
);
await look();
