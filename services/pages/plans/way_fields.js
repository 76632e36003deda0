/** One way to reach a contact: by which channel, where, and who else reads it. */

import { say, sayName } from "../desk/wording.js";
import { element, fill } from "../shared/element.js";
import { CHANNELS, SAFETIES } from "./contact.js";
import { Fields } from "./fields.js";
import { HoursFields } from "./hours_fields.js";

/** @typedef {import("./contact.js").Way} Way */

export class WayFields {
  /** @param {Way} way @param {{changed: () => void, dropped: () => void}} when */
  constructor(way, when) {
    this.fields = new Fields();
    const channels = CHANNELS.includes(way.channel) ? CHANNELS : [...CHANNELS, way.channel];
    this.channel = element(
      "select",
      { "data-testid": "way-channel" },
      ...channels.map((channel) => element("option", { value: channel }, sayName("channel", channel))),
    );
    this.channel.value = way.channel;
    this.address = element("input", {
      ...{ type: "text", maxlength: 2000, autocomplete: "off", spellcheck: "false", value: way.address },
      "data-testid": "way-address",
    });
    this.safety = element(
      "select",
      { "data-testid": "way-safety" },
      element("option", { value: "" }, say("contacts.safety.none")),
      ...SAFETIES.map((safety) => element("option", { value: safety }, say(`contacts.safety.${safety}`))),
    );
    this.safety.value = way.safety ?? "";
    this.hours = new HoursFields(way.hours, when.changed, { about: "contacts", start: "09:00", end: "17:00" });
    this.legend = element("legend", {});
    this.node = element(
      "fieldset",
      { class: "plans-part", "data-testid": "way" },
      this.legend,
      element(
        "div",
        { class: "plans-pair" },
        this.fields.add("channel", say("contacts.channel"), this.channel),
        this.fields.add("address", say("contacts.address"), this.address),
      ),
      this.fields.add("safety", say("contacts.safety"), this.safety),
      this.hours.node,
      element(
        "button",
        { type: "button", class: "small danger", "data-testid": "drop-way", onclick: when.dropped },
        say("contacts.drop_way"),
      ),
    );
  }

  /** @param {number} number */
  count(number) {
    fill(this.legend, say("contacts.way", { number }));
  }

  /** Whether it can be sent; what is missing is told at its place. */
  complete() {
    this.fields.clear();
    if (!this.address.value.trim()) return !this.fields.fault("address", say("contacts.needs_address"));
    return this.hours.complete();
  }

  /** @returns {Way} */
  body() {
    const { channel, address, safety, hours } = this;
    return { channel: channel.value, address: address.value.trim(), safety: safety.value || null, hours: hours.body() };
  }
}
