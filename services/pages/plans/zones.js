/** Time zones by their names of the tz database. */

import { element } from "../shared/element.js";

/** This computer's. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string} [also] one that this browser may not know */
export function zoneOptions(also) {
  const zones = new Set([...Intl.supportedValuesOf("timeZone"), "UTC", HERE, ...(also ? [also] : [])]);
  return [...zones].sort().map((zone) => element("option", { value: zone }, zone.replaceAll("_", " ")));
}
