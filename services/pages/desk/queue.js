/** The queue: which incidents there are, in which order, and the rows that show them. */

import { element, fill, redraw, write } from "../shared/element.js";
import { byUrgency, criesOut, isLive } from "./model.js";
import { personWords, triggerWords } from "./phrases.js";
import { makeRow } from "./row.js";
import { say, sayName } from "./wording.js";

/**
 * @typedef {import("./model.js").Summary} Summary
 * @typedef {import("./row.js").Row} Row
 */

/** While the pointer moves over the rows they keep their places, so that nobody clicks what has just slid under it. */
const POINTER_RESTS_AFTER = 900;

export class Queue {
  /**
   * @param {{open: (id: string) => void, recent: () => void, live: () => void, announce: (text: string) => void}} does
   */
  constructor(does) {
    this.does = does;
    /** What is live is kept, counted and announced whichever list is shown. @type {Map<string, Summary>} */
    this.live = new Map();
    /** @type {Map<string, Summary>} */
    this.closed = new Map();
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {string | null} */
    this.current = null;
    this.showsRecent = false;
    /** Which of the lists have been read. */
    this.loaded = { live: false, closed: false };
    this.pointerMoved = -Infinity;
    this.list = element("ol", { class: "rows", onpointermove: () => (this.pointerMoved = performance.now()) });
    this.empty = element("div", { class: "queue-empty", hidden: true, "data-testid": "queue-empty" });
    this.liveTab = this.tab("queue-live", () => does.live());
    this.recentTab = this.tab("queue-recent", () => does.recent());
    this.heading = element("h2", { class: "visually-hidden", tabindex: "-1" });
    this.node = element(
      "section",
      { class: "queue", "aria-labelledby": "queue-heading", "data-testid": "queue" },
      this.heading,
      element("div", { class: "queue-tabs" }, this.liveTab, this.recentTab),
      this.list,
      this.empty,
    );
    this.heading.id = "queue-heading";
    this.paint();
  }

  /** @param {string} name @param {() => void} chosen */
  tab(name, chosen) {
    return element("button", { type: "button", class: "tab", "data-testid": name, onclick: chosen });
  }

  /** The list that is shown. */
  get incidents() {
    return this.showsRecent ? this.closed : this.live;
  }

  /** Replaces a list by what the service has now. @param {"live" | "closed"} which @param {Summary[]} incidents */
  load(which, incidents) {
    const before = this.live;
    this[which] = new Map(incidents.map((incident) => [incident.id, incident]));
    if (which === "live" && this.loaded.live) {
      for (const incident of incidents) this.announceNew(before.get(incident.id), incident);
    }
    this.loaded[which] = true;
    this.paint(true);
  }

  /** One incident, as the feed brought it. @param {Summary} incident */
  put(incident) {
    const before = this.live.get(incident.id);
    if (isLive(incident)) this.live.set(incident.id, incident);
    else {
      this.live.delete(incident.id);
      if (this.loaded.closed) this.closed.set(incident.id, incident);
    }
    this.announceNew(before, incident);
    this.paint();
  }

  /** A pending incident is not announced: it may yet be called off. @param {Summary | undefined} before @param {Summary} incident */
  announceNew(before, incident) {
    if (!isLive(incident) || incident.state === "pending" || (before && before.state !== "pending")) return;
    this.does.announce(
      say(incident.drill ? "announce.new_drill" : "announce.new", {
        severity: sayName("severity", incident.severity),
        trigger: triggerWords(incident),
        person: personWords(incident),
      }),
    );
  }

  /** @param {boolean} recent */
  showRecent(recent) {
    this.showsRecent = recent;
    this.paint(true);
  }

  /** Marks the one that is open beside the queue. @param {string | null} id */
  mark(id) {
    this.current = id;
    for (const [other, row] of this.rows) row.mark(other === id);
  }

  /** How many are open and have nobody: what the heading says, and what the tone is for, in a drill too. */
  get waiting() {
    return [...this.live.values()].filter(criesOut).length;
  }

  /** @param {boolean} [atOnce] */
  paint(atOnce = false) {
    const sorted = [...this.incidents.values()].sort(
      this.showsRecent ? (a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at) : byUrgency,
    );
    for (const incident of sorted) {
      const row = this.rows.get(incident.id);
      if (row) row.update(incident);
      else {
        const made = makeRow(incident, this.does.open);
        made.mark(incident.id === this.current);
        this.rows.set(incident.id, made);
      }
    }
    this.dropRows();
    this.arrange(sorted, atOnce);
    this.paintHead(sorted);
  }

  /** A row that goes away while it has the focus hands it to its neighbour. */
  dropRows() {
    for (const [id, row] of this.rows) {
      if (this.incidents.has(id)) continue;
      if (row.node.contains(document.activeElement)) {
        const neighbour = row.node.nextElementSibling ?? row.node.previousElementSibling;
        const button = neighbour?.querySelector("button") ?? this.heading;
        button.focus({ preventScroll: true });
      }
      row.node.remove();
      this.rows.delete(id);
    }
  }

  /** Brings the rows into order without ever moving the one that has the focus. @param {Summary[]} sorted @param {boolean} atOnce */
  arrange(sorted, atOnce) {
    const nodes = sorted.flatMap((incident) => this.rows.get(incident.id)?.node ?? []);
    const present = [...this.list.children];
    if (nodes.length === present.length && nodes.every((node, index) => node === present[index])) return;
    if (!atOnce && performance.now() - this.pointerMoved < POINTER_RESTS_AFTER) {
      for (const node of nodes) if (!node.isConnected) this.list.append(node);
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.paint(), POINTER_RESTS_AFTER);
      return;
    }
    const anchor = nodes.find((node) => node.contains(document.activeElement));
    if (!anchor) {
      this.list.append(...nodes);
      return;
    }
    const place = nodes.indexOf(anchor);
    anchor.before(...nodes.slice(0, place));
    anchor.after(...nodes.slice(place + 1));
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  settling = undefined;

  /** @param {Summary[]} sorted */
  paintHead(sorted) {
    this.liveTab.setAttribute("aria-pressed", String(!this.showsRecent));
    this.recentTab.setAttribute("aria-pressed", String(this.showsRecent));
    write(this.heading, say(this.showsRecent ? "queue.recent" : "queue.live"));
    write(this.recentTab, say("queue.recent"));
    const { waiting } = this;
    redraw(this.liveTab, [this.live.size, waiting], () => [
      say("queue.live"),
      element("span", { class: "count", "data-testid": "live-count" }, this.live.size),
      waiting > 0 && element("span", { class: "count count-waiting" }, say("queue.unheld", { count: waiting })),
    ]);
    this.empty.hidden = !(this.showsRecent ? this.loaded.closed : this.loaded.live) || sorted.length > 0;
    this.list.hidden = !this.empty.hidden;
    if (!this.empty.hidden) {
      fill(
        this.empty,
        element("p", { class: "queue-empty-title" }, say(this.showsRecent ? "queue.no_recent" : "queue.nobody")),
        element("p", { class: "muted" }, say(this.showsRecent ? "queue.no_recent_hint" : "queue.nobody_hint")),
      );
    }
  }

  /** Moves the focus from row to row. @param {1 | -1} step */
  move(step) {
    const buttons = [...this.list.querySelectorAll("button.row-open")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const marked = buttons.findIndex((button) => button.getAttribute("aria-current") === "true");
    const from = at >= 0 ? at : marked >= 0 ? marked : step > 0 ? -1 : buttons.length;
    const next = buttons[Math.min(buttons.length - 1, Math.max(0, from + step))];
    if (next instanceof HTMLElement) {
      next.focus();
      next.closest("li")?.scrollIntoView({ block: "nearest" });
    }
  }

  /** The incident whose row has the focus. */
  get focused() {
    const row = document.activeElement?.closest("li.row");
    return row instanceof HTMLElement ? (row.dataset.incident ?? null) : null;
  }
}
