/** Everything behind the sign-in: the queue, the open incident, the feed that moves them, and the keyboard. */

import { complain } from "./act.js";
import { Problem, get, list } from "./api.js";
import { clockTime, since } from "./clock.js";
import { Detail } from "./detail.js";
import { showKeys } from "./dialogs.js";
import { element, fill, write } from "../shared/element.js";
import { Feed } from "./feed.js";
import { makeHeader } from "./header.js";
import { Keys } from "./keys.js";
import { Queue } from "./queue.js";
import { Quiet } from "./quiet.js";
import { say } from "./wording.js";

/**
 * @typedef {import("./model.js").Summary} Summary
 * @typedef {import("./model.js").Session} Session
 * @typedef {import("./sound.js").Sound} Sound
 */

/** How many pages of closed incidents are taken. */
const RECENT_PAGES = 5;

export class Workspace {
  /**
   * @param {Session} session
   * @param {Sound} sound
   * @param {{speak: (wish: string) => void, signOut: () => void, expired: () => void}} does
   */
  constructor(session, sound, does) {
    this.session = session;
    this.sound = sound;
    this.does = does;
    /** @type {Detail | null} */
    this.detail = null;
    /** @type {Summary[]} */
    this.heardWhileReading = [];
    this.readings = 0;
    this.header = makeHeader(session, {
      speak: does.speak,
      signOut: does.signOut,
      sound: () => {
        sound.toggle();
        this.header.sound(sound);
      },
      help: () => showKeys(this.keys.on, (on) => this.keys.turn(on)),
    });
    this.queue = new Queue({
      open: (id) => void this.open(id),
      live: () => void this.showLive(),
      recent: () => void this.showRecent(),
      announce: (text) => this.announce(text),
    });
    this.quiet = new Quiet((count) => this.header.openPlans(count));
    this.feed = new Feed({
      incident: (summary) => this.hear(summary),
      quiet: () => this.quiet.hear(),
      resync: () => void this.resync(),
      refused: () => void this.checkSession(),
      lives: (alive, heard) => this.showFeed(alive, heard),
    });
    this.keys = new Keys({
      move: (step) => this.queue.move(step),
      act: (name) => void this.actByKey(name),
      back: () => this.back(),
      help: () => showKeys(this.keys.on, (on) => this.keys.turn(on)),
      inQueue: () => document.activeElement === document.body || this.queue.node.contains(document.activeElement),
    });
    this.news = element("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "announcements" });
    this.banner = element("div", { class: "lost", hidden: true, "data-testid": "feed-lost" });
    this.complaint = element("p", { class: "problem queue-problem", role: "alert" });
    this.side = element("section", { class: "side", "aria-label": say("detail.region") });
    this.main = element("main", { id: "main", class: "desk" }, this.complaint, this.queue.node, this.side);
    this.node = element(
      "div",
      { class: "workspace", "data-testid": "workspace" },
      element("a", { class: "skip button", href: "#main", onclick: (event) => this.skip(event) }, say("header.skip")),
      this.header.node,
      this.banner,
      ...this.warnings(),
      this.quiet.node,
      this.news,
      this.main,
    );
    this.header.sound(sound);
    this.header.feed(true);
    this.showNothingOpen();
  }

  async start() {
    this.feed.open();
    await this.resync();
  }

  /** Nothing may go on behind a closed door. */
  stop() {
    this.feed.close();
    this.quiet.stop();
    this.keys.stop();
  }

  /** Called every half second. */
  tick() {
    this.feed.watch();
    this.sound.tick(this.queue.waiting > 0);
    this.header.sound(this.sound);
    this.detail?.tick();
  }

  warnings() {
    return (this.session.organization.warnings ?? []).map((warning) =>
      element("p", { class: "warning-bar", role: "alert" }, say(`warning.${warning}`)),
    );
  }

  /** @param {Event} event */
  skip(event) {
    event.preventDefault();
    this.queue.heading.focus();
  }

  /** @param {string} text */
  announce(text) {
    this.news.append(element("p", {}, text));
    while (this.news.childElementCount > 5) this.news.firstElementChild?.remove();
  }

  /** @param {Summary} summary */
  hear(summary) {
    if (this.readings > 0) this.heardWhileReading.push(summary);
    this.queue.put(summary);
    if (this.detail?.id === summary.id) this.detail.hear(summary);
  }

  async resync() {
    this.quiet.hear();
    await this.readLive();
    if (this.queue.showsRecent) await this.readClosed();
    if (this.detail) await this.detail.read();
  }

  showLive() {
    this.queue.showRecent(false);
    return this.readLive();
  }

  showRecent() {
    this.queue.showRecent(true);
    return this.readClosed();
  }

  readLive() {
    return this.readList("live", () => list("/v1/incidents?state=live", "incidents"));
  }

  readClosed() {
    return this.readList("closed", async () => {
      const states = ["resolved", "cancelled"];
      const lists = await Promise.all(
        states.map((state) => list(`/v1/incidents?state=${state}`, "incidents", RECENT_PAGES)),
      );
      return lists.flat();
    });
  }

  /** @param {"live" | "closed"} which @param {() => Promise<any[]>} read */
  async readList(which, read) {
    const from = this.heardWhileReading.length;
    this.readings += 1;
    try {
      const incidents = await read();
      fill(this.complaint);
      this.queue.load(which, incidents);
      // What the feed brought meanwhile is newer than the list.
      for (const summary of this.heardWhileReading.slice(from)) this.queue.put(summary);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      complain(this.complaint, error);
    } finally {
      this.readings -= 1;
      if (this.readings === 0) this.heardWhileReading = [];
    }
  }

  /** @param {string} id */
  async open(id) {
    if (this.detail?.id !== id) {
      if (!this.detail) history.pushState({ open: true }, "");
      this.detail = new Detail(id, this.session, {
        closed: () => this.close(),
        changed: (incident) => this.queue.put(incident),
      });
      fill(this.side, this.detail.node);
      this.side.scrollTop = 0;
      this.node.classList.add("has-detail");
      this.queue.mark(id);
      const known = this.queue.incidents.get(id);
      if (known) this.detail.showHead(known);
    }
    const { detail } = this;
    detail.title.focus({ preventScroll: true });
    await detail.read();
  }

  /** The browser's own way back closes the incident too: on a phone that is what people press. */
  close() {
    if (history.state?.open) history.back();
    else this.showNothingOpen();
  }

  showNothingOpen() {
    const id = this.detail?.id;
    this.detail = null;
    this.node.classList.remove("has-detail");
    this.queue.mark(null);
    fill(
      this.side,
      element(
        "div",
        { class: "side-empty" },
        element("p", { class: "muted" }, say("detail.none")),
        element("p", { class: "muted" }, say("detail.none_keys")),
      ),
    );
    if (id) this.queue.rows.get(id)?.button.focus();
  }

  /** From a field to its incident's row; from there the incident is closed. */
  back() {
    if (!this.detail) return;
    const row = this.queue.rows.get(this.detail.id);
    if (row && this.side.contains(document.activeElement) && row.button.offsetParent !== null) row.button.focus();
    else this.close();
  }

  /** A key acts on the row that has the focus, else on the incident that is open. @param {string} name */
  async actByKey(name) {
    const { focused } = this.queue;
    if (focused && focused !== this.detail?.id) await this.open(focused);
    const { detail } = this;
    if (!detail) return;
    const { buttons } = detail.parts.actions;
    const { composer } = detail.parts;
    if (name === "message" || name === "note") {
      composer[name].focus();
      composer[name].scrollIntoView({ block: "nearest" });
      return;
    }
    const button = name === "claim" ? buttons.claim : name === "acknowledge" ? buttons.acknowledge : buttons.resolve;
    if (button.offsetParent !== null) button.click();
  }

  /** @param {boolean} alive @param {number} heard */
  showFeed(alive, heard) {
    this.header.feed(alive);
    this.banner.hidden = alive;
    this.node.classList.toggle("feed-is-lost", !alive);
    if (alive) {
      fill(this.banner);
      write(this.news, "");
      this.announce(say("lost.over"));
      return;
    }
    const since_ = new Date(heard).toISOString();
    fill(
      this.banner,
      element("strong", { role: "alert" }, say("lost.title")),
      element("span", {}, say("lost.text", { time: clockTime(since_, { seconds: true }) })),
      since(since_, { words: "lost.age", class: "lost-age" }),
    );
  }

  /** The stream was refused: because the session has ended, or because the service is away. */
  async checkSession() {
    try {
      await get("/v1/session");
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.does.expired();
    }
  }
}
