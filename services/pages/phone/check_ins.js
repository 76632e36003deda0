/** Times by which the person says that all is well: starting one, and done, more time or off for those that run. */

import { Refused, Unreachable, call, newId, serviceNow } from "../shared/client.js";
import { clockLeft, timeOfDay } from "../shared/words.js";
import { button, closable, copyOf, dialog, find, part, write } from "./page.js";
import { hasPin, person, refresh, tokens } from "./person.js";
import { askPin } from "./pin.js";
import * as vault from "./vault.js";
import { language, onWords, say, spanWords } from "./wording.js";

const RUNNING = ["scheduled", "due", "overdue", "missed"];
const SPANS = [15, 30, 60, 120];
const MORE = [15, 30, 60];
const MINUTE = 60_000;

/** @typedef {import("./person.js").CheckIn} CheckIn */

export class CheckIns {
  constructor() {
    /** @type {CheckIn[]} */
    this.running = [];
    this.key = newId();
    closable(dialog("plan"));
    closable(dialog("more"));
    this.#buildForm();
    button("check-in-new").addEventListener("click", () => this.#open());
    document.addEventListener("person", () => this.#heard());
    onWords(() => {
      this.#buildForm();
      this.#draw();
    });
    setInterval(() => this.#tick(), 500);
  }

  #heard() {
    const journeys = (person()?.journeys ?? []).map(asPlan);
    this.running = [...(person()?.check_ins ?? []), ...journeys]
      .filter((each) => RUNNING.includes(each.state))
      .sort((one, other) => one.due_at.localeCompare(other.due_at));
    part("plan-reminders").hidden = person()?.reminders !== "app_only";
    this.#draw();
  }

  #buildForm() {
    const chosen = find(document, "#plan-choices", HTMLElement).querySelector("input:checked");
    const was = chosen instanceof HTMLInputElement ? chosen.value : "30";
    const choices = [...SPANS.map(String), "time"].map((value) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "span", value, checked: value === was });
      input.dataset.testid = `check-in-span-${value}`;
      input.addEventListener("change", () => (part("plan-clock").hidden = value !== "time"));
      const words = document.createElement("span");
      words.textContent = value === "time" ? say("plan.at_time") : spanWords(Number(value));
      label.append(input, words);
      return label;
    });
    part("plan-choices").replaceChildren(...choices);
    find(document, "#plan-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      void this.#start();
    };
  }

  #open() {
    this.key = newId();
    write(part("plan-said"), "");
    dialog("plan").showModal();
  }

  /** The instant that the form names, or null where it names none. @returns {Date | null} */
  #dueAt() {
    const chosen = part("plan-choices").querySelector("input:checked");
    const span = chosen instanceof HTMLInputElement ? chosen.value : "30";
    if (span !== "time") return new Date(serviceNow() + Number(span) * MINUTE);
    const [hours, minutes] = find(document, "#plan-time", HTMLInputElement).value.split(":").map(Number);
    if (hours === undefined || minutes === undefined || Number.isNaN(hours)) return null;
    const due = new Date();
    due.setHours(hours, minutes, 0, 0);
    if (due.getTime() <= Date.now()) due.setDate(due.getDate() + 1);
    return due;
  }

  async #start() {
    const due = this.#dueAt();
    if (!due) {
      write(part("plan-said"), say("plan.no_time"));
      return;
    }
    const note = find(document, "#plan-note", HTMLInputElement);
    const start = button("plan-start");
    start.setAttribute("aria-busy", "true");
    const body = { due_at: due.toISOString(), ...(note.value.trim() ? { note: note.value.trim() } : {}) };
    try {
      await call("POST", "/v1/check-ins", { token: tokens()?.device ?? null, body, key: this.key });
      dialog("plan").close();
      note.value = "";
      write(part("plans-said"), say("plan.started", { time: timeOfDay(due, language()) }));
      await refresh();
    } catch (error) {
      write(part("plan-said"), say(error instanceof Unreachable ? "plan.unreachable" : "plan.refused"));
      // What was refused, and is changed now, is a new act.
      if (error instanceof Refused) this.key = newId();
    } finally {
      start.removeAttribute("aria-busy");
    }
  }

  #draw() {
    const list = part("plans");
    part("plans-none").hidden = this.running.length > 0;
    const rows = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.id, row]));
    const wanted = this.running.map((each) => {
      const row = /** @type {HTMLElement} */ (rows.get(each.id)) ?? this.#row(each.id);
      write(find(row, '[data-part="what"]', HTMLElement), each.note || say(each.journey ? "way.name" : "plan.unnamed"));
      write(find(row, '[data-part="by"]', HTMLElement), say("plan.by", { time: timeOfDay(each.due_at, language()) }));
      for (const act of row.querySelectorAll("[data-act]")) {
        const key = act.getAttribute("data-say");
        if (key) write(act, say(key));
        if (act instanceof HTMLElement && act.dataset.act !== "complete") act.hidden = each.state === "missed";
      }
      return row;
    });
    for (const row of [...list.children]) if (!wanted.includes(/** @type {HTMLElement} */ (row))) row.remove();
    wanted.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    this.#tick();
  }

  /** @param {string} id */
  #row(id) {
    const row = copyOf("plan-row");
    row.dataset.id = id;
    for (const act of row.querySelectorAll("button[data-act]")) {
      act.addEventListener("click", () => void this.#act(id, /** @type {HTMLElement} */ (act).dataset.act ?? ""));
    }
    return row;
  }

  #tick() {
    const now = serviceNow();
    for (const each of this.running) {
      const row = part("plans").querySelector(`[data-id="${CSS.escape(each.id)}"]`);
      if (!(row instanceof HTMLElement)) continue;
      const due = Date.parse(each.due_at) - now;
      const missed = Date.parse(each.missed_at) - now;
      const said =
        due > 0
          ? say("plan.in", { time: clockLeft(due) })
          : missed > 0
            ? say("plan.due", { time: clockLeft(missed) })
            : say("plan.missed");
      row.dataset.state = due > 0 ? "scheduled" : missed > 0 ? "due" : "missed";
      write(find(row, '[data-part="left"]', HTMLElement), said);
    }
  }

  /** @param {string} id @param {string} act */
  async #act(id, act) {
    const found = this.running.find((each) => each.id === id);
    if (!found) return;
    /** @type {Record<string, unknown>} */
    const more = {};
    if (act === "extend") {
      const minutes = await chooseMore();
      if (!minutes) return;
      more.due_at = new Date(Math.max(Date.parse(found.due_at), serviceNow()) + minutes * MINUTE).toISOString();
    }
    const answer = answering(`/v1/${found.journey ? "journeys" : "check-ins"}/${id}/${act}`, more);
    try {
      const done = hasPin() ? await askPin({ submit: (pin) => answer({ pin }) }) : await answer({});
      if (done) write(part("plans-said"), say(`plan.said_${act}`));
    } catch (error) {
      const kind = error instanceof Refused ? error.kind : "";
      const known = ["extends-too-far", "check-in-over"].includes(kind);
      const words = known ? kind.replaceAll("-", "_") : error instanceof Unreachable ? "unreachable" : "refused";
      write(part("plans-said"), say(`plan.${words}`));
    }
    await refresh();
  }
}

/** A journey among the plans: the same times, and no word of where to. @param {import("./person.js").Journey} journey */
function asPlan(journey) {
  const state = journey.state === "under_way" ? "scheduled" : journey.state;
  return { ...journey, state, due_at: journey.arrive_by, journey: true };
}

/** One act on a check-in, sent as often as it takes under one key. @param {string} path @param {object} more */
function answering(path, more) {
  let key = newId();
  const at = new Date().toISOString();
  const numbered = vault.nextSequence().catch(() => undefined);
  /** @param {object} proof */
  return async (proof) => {
    const sequence = await numbered;
    const body = { ...more, ...proof, at, sent_at: new Date().toISOString(), ...(sequence ? { sequence } : {}) };
    try {
      return await call("POST", path, { token: tokens()?.device ?? null, body, key });
    } catch (error) {
      if (error instanceof Refused && !error.passing) key = newId();
      throw error;
    }
  };
}

/** @returns {Promise<number | null>} */
function chooseMore() {
  const box = dialog("more");
  return new Promise((resolve) => {
    const choices = MORE.map((minutes) => {
      const choice = document.createElement("button");
      choice.type = "button";
      choice.dataset.testid = `check-in-more-${minutes}`;
      choice.textContent = spanWords(minutes);
      choice.addEventListener("click", () => {
        resolve(minutes);
        box.close();
      });
      return choice;
    });
    part("more-choices").replaceChildren(...choices);
    box.addEventListener("close", () => resolve(null), { once: true });
    box.showModal();
  });
}
