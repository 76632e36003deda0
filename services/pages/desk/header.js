/** The bar on top: whose desk, whether the feed lives, and the few switches. */

import { element, fill, write } from "../shared/element.js";
import { icon } from "./icons.js";
import { language, say } from "./wording.js";

/** @param {(wish: string) => void} chosen */
export function makeLanguages(chosen) {
  const select = element(
    "select",
    { "aria-label": say("header.language"), class: "languages", "data-testid": "language" },
    element("option", { value: "en", lang: "en" }, "English"),
    element("option", { value: "es", lang: "es" }, "Español"),
  );
  select.value = language();
  select.addEventListener("change", () => chosen(select.value));
  return select;
}

/**
 * @param {import("./model.js").Session} session
 * @param {{speak: (wish: string) => void, sound: () => void, help: () => void, signOut: () => void}} does
 */
export function makeHeader(session, does) {
  const feed = element("span", { class: "feed", "data-testid": "feed" });
  const sound = element("button", { type: "button", class: "quiet", "data-testid": "sound", onclick: does.sound });
  const open = element("span", { class: "count count-open", hidden: true, "data-testid": "open-count" });
  const node = element(
    "header",
    { class: "bar" },
    element("h1", {}, say("page.title")),
    element("span", { class: "bar-name muted" }, session.organization.name),
    feed,
    element("span", { class: "bar-gap" }),
    element("a", { class: "button quiet", href: "/plans", "data-testid": "to-plans" }, say("plans.title"), open),
    sound,
    makeLanguages(does.speak),
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": say("header.keys"),
        title: say("header.keys"),
        "aria-keyshortcuts": "?",
        "data-testid": "help",
        onclick: does.help,
      },
      element("kbd", {}, "?"),
    ),
    element("span", { class: "bar-me muted" }, session.staff.name),
    element(
      "button",
      { type: "button", class: "quiet", "data-testid": "sign-out", onclick: does.signOut },
      icon("out"),
      element("span", {}, say("header.sign_out")),
    ),
  );
  return {
    node,
    /** @param {boolean} alive */
    feed(alive) {
      feed.classList.toggle("feed-lost", !alive);
      write(feed, say(alive ? "header.live" : "header.lost"));
    },
    /** In how many plans something is open. @param {number} count */
    openPlans(count) {
      open.hidden = count === 0;
      write(open, say("header.open_plans", { count }));
    },
    /** @param {{on: boolean, asleep: boolean}} state */
    sound({ on, asleep }) {
      sound.setAttribute("aria-pressed", String(on));
      const words = say(on ? (asleep ? "header.sound_asleep" : "header.sound_on") : "header.sound_off");
      if (sound.textContent !== words) fill(sound, icon(on ? "sound" : "silent"), element("span", {}, words));
      sound.classList.toggle("sound-asleep", asleep);
    },
  };
}
