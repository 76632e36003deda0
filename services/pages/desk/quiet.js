/** What makes no sound: whom the desk stays near, what is open in plans, once after an outage what came due meanwhile. */

import { Problem, get } from "./api.js";
import { clockTime, until } from "./clock.js";
import { element, redraw } from "../shared/element.js";
import { whereWords } from "./phrases.js";
import { say } from "./wording.js";

const DISMISSED = "porchlight-outage";
/** Many changes of one moment are read once. */
const CALM = 400;

/**
 * @typedef {{id: string, person: {id: string, name: string}, since: string, until: string, note: string | null,
 *   location: import("./model.js").Location | null}} Watched
 * @typedef {{id: string, since: string, noticed_from: string, asked: number, told: number}} Outage
 */

export class Quiet {
  /** @param {(count: number) => void} openPlans told in how many plans something is open */
  constructor(openPlans) {
    this.openPlans = openPlans;
    /** @type {Watched[]} */
    this.watched = [];
    /** @type {Outage | null} */
    this.outage = null;
    this.strip = element("div", { class: "outage", role: "status", "data-testid": "outage" });
    this.near = element("section", { class: "near", "aria-label": say("near.title"), "data-testid": "stay-near" });
    this.node = element("div", { class: "quietly" }, this.strip, this.near);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.soon = undefined;
    this.#draw();
  }

  /** Something of this has changed. */
  hear() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => void this.read(), CALM);
  }

  async read() {
    try {
      const [watched, last, open] = await Promise.all([
        get("/v1/stay-near"),
        get("/v1/outages/last"),
        get("/v1/plans/open"),
      ]);
      this.openPlans(open.plans.length);
      this.watched = watched.stay_near;
      this.outage = last.outage;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return;
    }
    this.#draw();
  }

  stop() {
    clearTimeout(this.soon);
  }

  #draw() {
    const { outage } = this;
    const shown = outage && localStorage.getItem(DISMISSED) !== outage.id ? outage : null;
    this.strip.hidden = !shown;
    redraw(this.strip, shown, () => (shown ? this.#outage(shown) : []));
    this.near.hidden = this.watched.length === 0;
    redraw(this.near, this.watched, () =>
      this.watched.length === 0 ? [] : [element("h2", {}, say("near.title")), element("ul", {}, ...this.watched.map(row))],
    );
  }

  /** @param {Outage} outage */
  #outage(outage) {
    const from = clockTime(outage.since);
    const to = clockTime(outage.noticed_from);
    const count = outage.asked + outage.told;
    return [
      element("span", {}, say("outage.text", { count, from, to })),
      outage.asked > 0 && element("span", {}, say("outage.asked", { count: outage.asked })),
      outage.told > 0 && element("span", {}, say("outage.told", { count: outage.told })),
      element(
        "button",
        { type: "button", class: "quiet small", "data-testid": "outage-dismiss", onclick: () => this.#dismiss(outage) },
        say("outage.dismiss"),
      ),
    ].filter((each) => each !== false);
  }

  /** @param {Outage} outage */
  #dismiss(outage) {
    localStorage.setItem(DISMISSED, outage.id);
    this.#draw();
  }
}

/** @param {Watched} watched */
function row(watched) {
  return element(
    "li",
    { "data-testid": "stay-near-row" },
    element("strong", {}, watched.person.name),
    until(watched.until, { words: "near.left", over: "near.over", class: "numbers" }),
    watched.note && element("span", {}, watched.note),
    watched.location
      ? element("span", { class: "near-where" }, ...whereWords({ location: watched.location }))
      : element("span", { class: "muted" }, say("where.no_fix")),
  );
}
