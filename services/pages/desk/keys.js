/** The keyboard: single keys act only outside of fields and dialogs, and can be turned off. */

const REMEMBERED = "desk.keys";

/**
 * @typedef {{move(step: 1 | -1): void, act(name: "claim" | "acknowledge" | "message" | "note" | "resolve"): void,
 *   back(): void, help(): void, inQueue(): boolean}} Does
 */

export class Keys {
  /** @param {Does} does */
  constructor(does) {
    this.does = does;
    this.on = localStorage.getItem(REMEMBERED) !== "off";
    this.stopping = new AbortController();
    document.addEventListener("keydown", (event) => this.hear(event), { signal: this.stopping.signal });
  }

  stop() {
    this.stopping.abort();
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
  }

  /** @param {KeyboardEvent} event */
  hear(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      this.does.back();
      return;
    }
    if (isTyping(event.target)) return;
    const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    if (arrow && !this.does.inQueue()) return;
    if (!arrow && !this.on) return;
    const does = this.find(event.key);
    if (!does) return;
    event.preventDefault();
    does();
  }

  /** @param {string} key @returns {(() => void) | undefined} */
  find(key) {
    const { does } = this;
    switch (key) {
      case "j":
      case "ArrowDown":
        return () => does.move(1);
      case "k":
      case "ArrowUp":
        return () => does.move(-1);
      case "a":
        return () => does.act("acknowledge");
      case "c":
        return () => does.act("claim");
      case "m":
        return () => does.act("message");
      case "n":
        return () => does.act("note");
      case "r":
        return () => does.act("resolve");
      case "?":
        return () => does.help();
      default:
        return undefined;
    }
  }
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    target.closest("input:not([type=checkbox], [type=radio]), textarea, select") !== null
  );
}
