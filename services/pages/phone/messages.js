/** Words to and from the responders, and the names of the contacts: only after the PIN, and not for long. */

import { Refused, call, newId } from "../shared/client.js";
import { timeOfDay } from "../shared/words.js";
import { button, closable, dialog, find, part, write } from "./page.js";
import { hasPin, tokens } from "./person.js";
import { askPin } from "./pin.js";
import { language, say } from "./wording.js";

const OPEN_FOR = 2 * 60_000;
const EVERY = 4_000;

/** @typedef {{id: string, at: string, from: string, name?: string | null, text: string}} Message */
/** @typedef {{name: string, order: number, consent: string}} Name */

export class Messages {
  constructor() {
    /** @type {string | null} */
    this.unlock = null;
    this.opened = 0;
    this.key = newId();
    const box = dialog("messages");
    closable(box);
    box.addEventListener("close", () => this.#lock());
    button("messages-open").addEventListener("click", () => void this.#open());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#shut();
    });
    addEventListener("pagehide", () => this.#shut());
    find(document, "#write", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    box.addEventListener("input", () => (this.opened = Date.now()));
    setInterval(() => void this.#again(), EVERY);
  }

  async #open() {
    try {
      if (hasPin() ?? true) {
        const given = await askPin({
          submit: (pin) => call("POST", "/v1/me/unlock", { token: tokens()?.device ?? null, body: { pin } }),
        });
        if (!given) return;
        this.unlock = given.unlock;
        this.#show(given.names ?? [], given.messages ?? []);
      } else this.#show([], (await this.#fetch()).messages);
    } catch {
      write(part("plans-said"), say("messages.unreachable"));
      return;
    }
    this.opened = Date.now();
    write(part("messages-said"), "");
    dialog("messages").showModal();
    this.#toEnd();
  }

  #shut() {
    const box = dialog("messages");
    if (box.open) box.close();
    this.#lock();
  }

  #lock() {
    this.unlock = null;
    this.opened = 0;
    part("names").replaceChildren();
    part("thread").replaceChildren();
    find(document, "#message-text", HTMLTextAreaElement).value = "";
  }

  /** @returns {Record<string, string>} */
  #headers() {
    return this.unlock ? { "Porchlight-Unlock": this.unlock } : {};
  }

  /** @returns {Promise<{messages: Message[]}>} */
  #fetch() {
    return call("GET", "/v1/me/messages", { token: tokens()?.device ?? null, headers: this.#headers() });
  }

  async #again() {
    if (!this.opened) return;
    if (Date.now() - this.opened > OPEN_FOR) {
      this.#shut();
      return;
    }
    try {
      const { messages } = await this.#fetch();
      if (this.opened) this.#thread(messages);
    } catch (error) {
      if (error instanceof Refused && error.status === 403) this.#shut();
    }
  }

  async #send() {
    const text = find(document, "#message-text", HTMLTextAreaElement);
    const words = text.value.trim();
    if (!words) return;
    const send = button("message-send");
    send.setAttribute("aria-busy", "true");
    try {
      const how = { token: tokens()?.device ?? null, headers: this.#headers(), body: { text: words }, key: this.key };
      await call("POST", "/v1/me/messages", how);
      text.value = "";
      this.key = newId();
      write(part("messages-said"), "");
      await this.#again();
    } catch {
      write(part("messages-said"), say("messages.unsent"));
    } finally {
      send.removeAttribute("aria-busy");
    }
  }

  /** @param {Name[]} names @param {Message[]} messages */
  #show(names, messages) {
    const rows = names.map((each) => {
      const row = document.createElement("li");
      row.textContent = each.consent === "confirmed" ? each.name : say("messages.unconfirmed", { name: each.name });
      return row;
    });
    part("names").replaceChildren(...rows);
    part("names").hidden = rows.length === 0;
    this.#thread(messages);
  }

  /** @param {Message[]} messages */
  #thread(messages) {
    const list = part("thread");
    part("thread-none").hidden = messages.length > 0;
    const shown = new Set([...list.children].map((row) => /** @type {HTMLElement} */ (row).dataset.id));
    const fresh = messages.filter((each) => !shown.has(each.id));
    list.append(...fresh.map(messageRow));
    if (fresh.length > 0) this.#toEnd();
  }

  #toEnd() {
    const box = part("thread-box");
    box.scrollTop = box.scrollHeight;
  }
}

/** @param {Message} message */
function messageRow(message) {
  const row = document.createElement("li");
  row.dataset.id = message.id;
  row.className = message.from === "person" ? "mine" : "theirs";
  const who = document.createElement("p");
  who.className = "muted";
  const name = message.from === "person" ? say("messages.you") : (message.name ?? say("messages.they"));
  who.textContent = `${name} · ${timeOfDay(message.at, language())}`;
  const text = document.createElement("p");
  text.className = "text";
  text.textContent = message.text;
  row.append(who, text);
  return row;
}
