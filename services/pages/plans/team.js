/**
 * A team as the service tells it, and where it is found.
 *
 * @typedef {{id: string, name: string}} Member
 * @typedef {{since: string, until: string, staff: Member[]}} Turn
 * @typedef {{days: string[], start: string, end: string}} Hours
 * @typedef {{members: string[], begins: string, hand_over: string, every: number, unit: string, hours: Hours[]}} Rotation
 * @typedef {{staff: string, since: string, until: string}} Shift
 * @typedef {{id: string, since: string, until: string, staff?: string | null, instead_of?: string | null}} Override
 * @typedef {{name: string, time_zone: string, members: (Member & {reachable: boolean})[], rotations: Rotation[],
 *   shifts: Shift[], overrides: Override[], on_call: {staff: Member[], until: string | null}, next: Turn | null,
 *   turns: Turn[], gaps: {since: string, until: string}[]}} Team
 *
 * What can be changed of it.
 * @typedef {{name: string, time_zone: string, members: string[], rotations: Rotation[], shifts: Shift[]}} TeamDraft
 */

/** @param {string} name @param {string} [more] */
export function teamPath(name, more = "") {
  return `/v1/teams/${encodeURIComponent(name)}${more}`;
}

/** @param {Member[]} staff @param {string | null | undefined} id */
export function nameOf(staff, id) {
  return staff.find((one) => one.id === id)?.name ?? "?";
}
