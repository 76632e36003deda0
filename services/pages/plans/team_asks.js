/** Another name for a team, its calendar, and taking it away. */

import { say } from "../desk/wording.js";
import { element } from "../shared/element.js";
import { ask } from "./ask.js";
import { Fields } from "./fields.js";
import { teamPath } from "./team.js";

/** @typedef {import("./team.js").Team} Team */

/** @param {Team} team @param {() => void} changed */
export function askRename(team, changed) {
  const fields = new Fields();
  const name = element("input", { type: "text", maxlength: 64, value: team.name, autocomplete: "off", "data-testid": "rename-name" });
  ask({
    name: "rename",
    title: say("team.rename_title", { name: team.name }),
    confirm: say("team.rename_confirm"),
    parts: [element("p", { class: "muted" }, say("team.rename_hint")), fields.add("name", say("team.name"), name, say("team.name_hint"))],
    request() {
      fields.clear();
      const wish = name.value.trim();
      if (!wish) fields.fault("name", say("team.needs_name"));
      return wish ? { method: "POST", path: teamPath(team.name, "/rename"), body: { name: wish } } : null;
    },
    take: (problem) => fields.take(problem),
    done: changed,
  });
  name.select();
}

/** @param {Team} team @param {string[]} policies that name it @param {() => void} changed */
export function askDelete(team, policies, changed) {
  const named = policies.length > 0;
  const dialog = ask({
    name: "delete",
    title: say("team.delete_title", { name: team.name }),
    confirm: say("team.delete_confirm"),
    danger: true,
    parts: [
      element(
        "p",
        { class: named ? "plans-warn" : "muted", "data-testid": "depends" },
        named ? say("team.delete_named", { names: policies.join(", ") }) : say("team.delete_unnamed"),
      ),
      element("p", {}, say("team.delete_hint")),
    ],
    request: () => ({ method: "DELETE", path: teamPath(team.name) }),
    done: changed,
  });
  // What cannot be taken back is not under the finger that opened it.
  const back = dialog.querySelector('[data-testid="dialog-back"]');
  if (back instanceof HTMLElement) back.focus();
}

/** @param {Team} team @param {boolean} mayEdit @param {() => void} changed */
export function askCalendar(team, mayEdit, changed) {
  const fields = new Fields();
  const file = element("input", { type: "file", accept: ".ics,text/calendar", "data-testid": "calendar-file" });
  let text = "";
  file.addEventListener("change", async () => {
    text = "";
    fields.clear();
    const [chosen] = file.files ?? [];
    if (chosen) text = await chosen.text();
  });
  const dialog = ask({
    name: "calendar",
    title: say("calendar.title", { name: team.name }),
    confirm: say("calendar.confirm"),
    parts: [
      element("p", {}, say("calendar.export_hint")),
      element(
        "a",
        { class: "button", href: teamPath(team.name, "/calendar"), download: `${team.name}.ics`, "data-testid": "calendar-export" },
        say("calendar.export"),
      ),
      ...(mayEdit
        ? [
            element("h3", {}, say("calendar.import")),
            element("p", { class: "muted" }, say("calendar.import_hint")),
            fields.add("file", say("calendar.file"), file),
          ]
        : []),
    ],
    request() {
      fields.clear();
      if (text) return { method: "PUT", path: teamPath(team.name, "/calendar"), body: text };
      fields.fault("file", say("calendar.needs_file"));
      return null;
    },
    take(problem) {
      // Every mistake is one of the file.
      const said = (problem.body.errors ?? []).map((error) => `${error.field}: ${error.message}`).join(" · ");
      return said !== "" && fields.fault("file", said);
    },
    done: changed,
  });
  const confirm = dialog.querySelector('[data-testid="calendar-confirm"]');
  if (!mayEdit && confirm instanceof HTMLElement) confirm.hidden = true;
}
