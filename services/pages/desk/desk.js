/** The desk: signs somebody in, shows the workspace, and comes back to the sign-in when the session has ended. */

import { session as acts } from "./act.js";
import { Problem, get, remove } from "./api.js";
import { startTicking } from "./clock.js";
import { forgetDrafts } from "./drafts.js";
import { fill } from "../shared/element.js";
import { makeLanguages } from "./header.js";
import { makeSignIn, signIn, takeCode } from "./sign_in.js";
import { Sound } from "./sound.js";
import { preferredLanguage, say, speak } from "./wording.js";
import { Workspace } from "./workspace.js";

/** @typedef {import("./model.js").Session} Session */

const sound = new Sound();
/** @type {Workspace | null} */
let workspace = null;
/** @type {Session | null} */
let session = null;
let ended = false;
/** The incident that was open when the session ended. @type {string | null} */
let opened = null;

/** @param {Problem | null} problem */
function showSignIn(problem = null) {
  document.title = say("page.title");
  const node = makeSignIn({
    ended,
    problem,
    tools: makeLanguages(changeLanguage),
    done: (found) => void welcome(found),
  });
  fill(document.body, node);
  node.querySelector("input")?.focus();
}

/** @param {Session} found */
async function welcome(found) {
  if (session?.staff.id !== found.staff.id) {
    forgetDrafts();
    opened = null;
    await speak(preferredLanguage(found.staff.language));
  }
  session = found;
  ended = false;
  await showWorkspace();
}

async function showWorkspace() {
  if (!session) return;
  document.title = say("page.title");
  opened = workspace?.detail?.id ?? opened;
  workspace?.stop();
  workspace = new Workspace(session, sound, {
    speak: changeLanguage,
    signOut: () => void signOut(),
    expired,
  });
  fill(document.body, workspace.node);
  await workspace.start();
  if (opened) await workspace.open(opened);
  opened = null;
}

/** What could be read is taken off the screen; what was typed is kept for whoever typed it. */
function expired() {
  if (ended || !workspace) return;
  ended = true;
  opened = workspace.detail?.id ?? null;
  workspace.stop();
  workspace = null;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  showSignIn();
}

async function signOut() {
  try {
    await remove("/v1/session");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  // A fresh page keeps nothing of what was on this one.
  location.reload();
}

/** @param {string} wish */
async function changeLanguage(wish) {
  await speak(wish, { remember: true });
  if (ended || !session) showSignIn();
  else await showWorkspace();
}

async function start() {
  const code = takeCode();
  await speak(preferredLanguage());
  acts.expired = expired;
  startTicking(() => {
    if (!ended) workspace?.tick();
  });
  addEventListener("popstate", () => workspace?.showNothingOpen());
  try {
    await welcome(code ? await signIn({ code }) : await get("/v1/session"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showSignIn(code || error.status !== 401 ? error : null);
  }
}

void start();
