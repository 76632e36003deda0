/** On the way: to one of her places, there by then. Where to is asked behind the PIN and shown nowhere afterwards. */

import { Refused, Unreachable, call, newId, serviceNow } from "../shared/client.js";
import { button, closable, dialog, find, part, write } from "./page.js";
import { hasPin, refresh, tokens } from "./person.js";
import { askPin } from "./pin.js";
import { say, spanWords } from "./wording.js";

const SPANS = [15, 30, 60, 120];
const MINUTE = 60_000;

/** @typedef {{label: string, latitude: number, longitude: number}} Place */

export class Journeys {
  constructor() {
    this.key = newId();
    /** @type {Place[]} */
    this.places = [];
    closable(dialog("way"));
    button("way-open").addEventListener("click", () => void this.#open());
    find(document, "#way-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start();
    });
  }

  async #open() {
    const token = tokens()?.device ?? null;
    /** @param {Record<string, string>} [headers] */
    const places = (headers) => call("GET", "/v1/me/places", { token, ...(headers ? { headers } : {}) });
    try {
      const found = hasPin()
        ? await askPin({
            submit: async (pin) => {
              const { unlock } = await call("POST", "/v1/me/unlock", { token, body: { pin } });
              return places({ "Porchlight-Unlock": unlock });
            },
          })
        : await places();
      if (found) this.#choose(found.places);
    } catch {
      write(part("plans-said"), say("plan.unreachable"));
    }
  }

  /** @param {Place[]} places */
  #choose(places) {
    this.key = newId();
    part("way-none").hidden = places.length > 0;
    button("way-start").hidden = places.length === 0;
    choices("way-places", "place", places.map((place, index) => [String(index), place.label]));
    choices("way-spans", "within", SPANS.map((minutes) => [String(minutes), spanWords(minutes)]));
    this.places = places;
    write(part("way-said"), "");
    const box = dialog("way");
    box.addEventListener("close", () => this.#forget(), { once: true });
    box.showModal();
  }

  /** Nobody who takes up the phone next reads where she goes. */
  #forget() {
    part("way-places").replaceChildren();
    this.places = [];
  }

  async #start() {
    const form = new FormData(find(document, "#way-form", HTMLFormElement));
    const place = this.places[Number(form.get("place"))];
    if (!place) return;
    const body = {
      destination: { latitude: place.latitude, longitude: place.longitude },
      label: place.label,
      arrive_by: new Date(serviceNow() + Number(form.get("within")) * MINUTE).toISOString(),
    };
    try {
      await call("POST", "/v1/journeys", { token: tokens()?.device ?? null, body, key: this.key });
      dialog("way").close();
      write(part("plans-said"), say("way.started"));
      await refresh();
    } catch (error) {
      const already = error instanceof Refused && error.kind === "under-way-already";
      const words = already ? "way.already" : error instanceof Unreachable ? "plan.unreachable" : "plan.refused";
      write(part("way-said"), say(words));
      if (error instanceof Refused) this.key = newId();
    }
  }
}

/** Radio buttons, the first one chosen. @param {string} id @param {string} name @param {[string, string][]} options */
function choices(id, name, options) {
  const labels = options.map(([value, words], index) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value, checked: index === 0 });
    input.dataset.testid = `way-${name}-${value}`;
    const text = document.createElement("span");
    text.textContent = words;
    label.append(input, text);
    return label;
  });
  part(id).replaceChildren(...labels);
}
