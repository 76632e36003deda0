/** The open incident. It is built once and then updated part by part, so that live news never moves the focus. */

import { Problem, get } from "./api.js";
import { complain } from "./act.js";
import { makeActions } from "./actions.js";
import { makeBrief } from "./brief.js";
import { makeCallLog } from "./call_log.js";
import { clockTime, since } from "./clock.js";
import { makeComposer } from "./composer.js";
import { element, fill, redraw, write } from "../shared/element.js";
import { icon } from "./icons.js";
import { isLive } from "./model.js";
import { flagWords, personWords, severityBadge, triggerWords, whereWords } from "./phrases.js";
import { makeTimeline } from "./timeline.js";
import { makeTold } from "./told.js";
import { makeWhere } from "./where.js";
import { say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Incident} Incident
 * @typedef {import("./model.js").Session} Session
 * @typedef {import("./model.js").Fix} Fix
 * @typedef {import("../shared/element.js").Child} Child
 */

export class Detail {
  /** @param {string} id @param {Session} session @param {{closed: () => void, changed: (incident: Incident) => void}} does */
  constructor(id, session, does) {
    this.id = id;
    this.does = does;
    /** @type {Incident | null} */
    this.incident = null;
    this.reading = false;
    this.stale = false;
    /** @type {Map<string, Fix>} */
    this.fixes = new Map();
    /** @param {any} answer */
    const changed = (answer) => this.take(answer);
    this.parts = {
      actions: makeActions(id, session.staff.id, changed),
      brief: makeBrief(session.organization),
      where: makeWhere(id),
      told: makeTold(),
      calls: makeCallLog(id, changed),
      composer: makeComposer(id, changed),
      timeline: makeTimeline(),
    };
    this.title = element("h2", { id: "detail-title", tabindex: "-1", "data-testid": "detail-title" });
    this.facts = element("div", { class: "detail-facts" });
    this.flags = element("div", { class: "detail-flags", "data-testid": "flags" });
    this.where = element("p", { class: "where-text detail-where" });
    this.complaint = element("p", { class: "problem", role: "alert" });
    this.body = element("div", { class: "detail-body", hidden: true });
    this.body.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[href^='tel:']") : null;
      if (link instanceof HTMLElement) void this.parts.calls.begin(link.dataset.whom ?? link.textContent ?? "");
    });
    fill(
      this.body,
      element("div", { class: "column" }, this.parts.brief.node, this.parts.composer.node),
      element("div", { class: "column" }, this.parts.where.node, this.parts.told.node, this.parts.timeline.node),
    );
    this.node = element(
      "article",
      { class: "detail", "aria-labelledby": "detail-title", "data-testid": "detail", "data-incident": id },
      element(
        "div",
        { class: "detail-head" },
        element(
          "div",
          { class: "detail-top" },
          element(
            "button",
            { type: "button", class: "quiet detail-back", "data-testid": "back", onclick: () => does.closed() },
            icon("back"),
            say("detail.back"),
          ),
          this.title,
          this.facts,
        ),
        this.where,
        this.flags,
        this.parts.actions.node,
        this.parts.calls.node,
        this.complaint,
      ),
      this.body,
    );
  }

  /** Reads the incident; while one reading runs, another wish makes exactly one more. */
  async read() {
    if (this.reading) {
      this.stale = true;
      return;
    }
    this.reading = true;
    try {
      this.take(await get(`/v1/incidents/${this.id}`));
      fill(this.complaint);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      complain(this.complaint, error);
    } finally {
      this.reading = false;
      if (this.stale) {
        this.stale = false;
        void this.read();
      }
    }
  }

  /** An answer of the service: the incident, or word that something was taken and the incident has to be read. @param {any} answer */
  take(answer) {
    if (answer?.id !== this.id || !Array.isArray(answer.timeline)) {
      void this.read();
      return;
    }
    this.show(answer);
    this.does.changed(answer);
  }

  /** A newer summary came over the feed: what it says is shown at once, the rest is read. @param {import("./model.js").Summary} summary */
  hear(summary) {
    if (this.incident) this.show({ ...this.incident, ...summary });
    else this.showHead(summary);
    void this.read();
  }

  /** Draws again what grows old by itself. */
  tick() {
    if (this.incident) this.parts.where.update(this.withTrail(this.incident));
  }

  /** What a summary knows. The rest stays hidden until it has been read: "nothing recorded" would be a lie. @param {import("./model.js").Summary} incident */
  showHead(incident) {
    this.node.dataset.state = incident.state;
    this.node.classList.toggle("detail-drill", Boolean(incident.drill));
    write(this.title, personWords(incident));
    const live = isLive(incident);
    redraw(
      this.facts,
      [incident.severity, incident.trigger, incident.triggers, incident.presses, incident.state],
      () => [
        severityBadge(incident),
        element("strong", {}, triggerWords(incident)),
        live ? since(incident.opened_at, { words: "row.ago" }) : element("span", {}, clockTime(incident.opened_at)),
        element(
          "span",
          { class: `state state-${incident.state}`, "data-testid": "state", "data-state": incident.state },
          sayName("state", incident.state),
        ),
      ],
    );
    redraw(this.where, [incident.location, incident.home], () => [icon("place"), ...whereWords(incident)]);
    this.parts.actions.update(incident);
    this.parts.calls.update(live);
  }

  /** @param {Incident} incident */
  show(incident) {
    this.incident = incident;
    this.showHead(incident);
    const key = [
      incident.drill,
      incident.stood_down_at,
      incident.nobody_reachable,
      incident.wrong_pins,
      incident.person_side,
      incident.disposition,
      incident.state,
      incident.triggers,
    ];
    redraw(this.flags, key, () => detailFlags(incident));
    this.parts.brief.update(incident);
    this.parts.where.update(this.withTrail(incident));
    this.parts.told.update(incident);
    this.parts.timeline.update(incident);
    this.parts.composer.update(isLive(incident), incident.card);
    this.body.hidden = false;
  }

  /** The way, as far as the answer brings it or this page has seen it. @param {Incident} incident @returns {Incident} */
  withTrail(incident) {
    for (const fix of [...(incident.trail ?? []), ...(incident.location ? [incident.location] : [])]) {
      this.fixes.set(fix.at, fix);
    }
    return { ...incident, trail: [...this.fixes.values()] };
  }
}

/** @param {Incident} incident @returns {Child[]} */
function detailFlags(incident) {
  const duress = incident.triggers.some((trigger) => trigger.kind === "duress");
  return [
    ...flagWords(incident).map(({ kind, text }) => flag(kind, text)),
    duress && flag("duress", say("flag.duress")),
    incident.wrong_pins && flag("alarm", say("flag.wrong_pins")),
    !isLive(incident) &&
      flag(
        "calm",
        incident.disposition
          ? say("flag.closed_as", { disposition: sayName("disposition", incident.disposition) })
          : sayName("state", incident.state),
      ),
    isLive(incident) &&
      incident.person_side &&
      flag("quiet", say("flag.person_side", { state: sayName("person_side", incident.person_side) })),
  ];
}

/** @type {Record<string, string>} */
const FLAG_SIGNS = { drill: "drill", calm: "check", alarm: "warning", duress: "warning" };

/** @param {string} kind @param {Child} text */
function flag(kind, text) {
  return element("p", { class: `flag flag-${kind}` }, FLAG_SIGNS[kind] ? icon(FLAG_SIGNS[kind]) : null, text);
}
