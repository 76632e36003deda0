/**
 * The pad for the PIN. It looks and behaves the same whatever is entered: what was typed is never shown or said, a
 * refusal is always the same words, and there is no counter.
 */

import { Refused, Unreachable, pause } from "../shared/client.js";
import { closable, dialog, part, write } from "./page.js";
import { onWords, say } from "./wording.js";

const LONGEST = 12;
const SHORTEST = 4;
const AGAIN = [500, 1_000, 2_000, 4_000, 5_000];

/**
 * @typedef {object} Question
 * @property {(pin: string) => Promise<unknown>} submit rejects with `Refused` 403 for a PIN that is not accepted
 * @property {() => void} [onFirstDigit]
 * @property {() => string} [left] what is said of the time that is left
 */

/** @type {Question | null} */
let question = null;
/** @type {((outcome: any) => void) | null} */
let settle = null;
let entered = "";
let touched = false;
let sending = false;

/**
 * Asks for the PIN until it is accepted. Without a network it keeps trying while the pad is open.
 * Resolves with what `submit` gave, or null when the pad was closed; rejects with any other refusal.
 * @param {Question} asked
 * @returns {Promise<any>}
 */
export function askPin(asked) {
  if (question) return Promise.resolve(null);
  question = asked;
  touched = false;
  clear("");
  const box = dialog("pin");
  box.showModal();
  showLeft();
  const ticking = setInterval(showLeft, 250);
  return new Promise((resolve, reject) => {
    settle = (outcome) => {
      clearInterval(ticking);
      question = null;
      settle = null;
      entered = "";
      sending = false;
      if (box.open) box.close();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
  });
}

function showLeft() {
  const said = question?.left?.() ?? "";
  part("pin-left").hidden = said === "";
  write(part("pin-left"), said);
}

/** @param {string} said */
function clear(said) {
  entered = "";
  draw();
  write(part("pin-said"), said);
}

function draw() {
  write(part("pin-dots"), entered ? "●".repeat(entered.length) : "○○○○");
  const submit = document.getElementById("pin-submit");
  if (submit) submit.setAttribute("aria-disabled", String(entered.length < SHORTEST));
}

/** @param {string} digit */
function type(digit) {
  if (!question || sending || entered.length >= LONGEST) return;
  entered += digit;
  draw();
  write(part("pin-said"), "");
  if (!touched) {
    touched = true;
    question.onFirstDigit?.();
  }
}

function erase() {
  if (sending) return;
  entered = entered.slice(0, -1);
  draw();
}

async function submit() {
  if (!question || sending || entered.length < SHORTEST) return;
  const asked = question;
  const pin = entered;
  sending = true;
  write(part("pin-said"), say("pin.sending"));
  for (let tries = 0; question === asked; tries += 1) {
    try {
      const outcome = await asked.submit(pin);
      if (question === asked) settle?.(outcome ?? true);
      return;
    } catch (error) {
      if (question !== asked) return;
      if (error instanceof Refused && error.kind === "pin-refused") {
        sending = false;
        clear(say("pin.refused"));
        return;
      }
      if (!(error instanceof Unreachable) && !(error instanceof Refused && error.passing)) {
        settle?.(error);
        return;
      }
      write(part("pin-said"), say("pin.trying"));
      await pause(AGAIN[Math.min(tries, AGAIN.length - 1)] ?? 5_000);
    }
  }
}

function build() {
  const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "erase", "0", "submit"].map((name) => {
    const key = document.createElement("button");
    key.type = "button";
    key.id = `pin-${name}`;
    key.dataset.testid = /\d/.test(name) ? `pin-key-${name}` : `pin-${name}`;
    if (name === "submit") key.className = "primary";
    key.addEventListener("click", () => (name === "submit" ? void submit() : name === "erase" ? erase() : type(name)));
    if (/\d/.test(name)) key.textContent = name;
    return key;
  });
  part("pin-keys").replaceChildren(...keys);
  const named = () => {
    write(part("pin-erase"), say("pin.erase"));
    write(part("pin-submit"), say("pin.submit"));
  };
  onWords(named);
  named();
  const box = dialog("pin");
  closable(box);
  box.addEventListener("close", () => settle?.(null));
  box.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key)) type(event.key);
    else if (event.key === "Backspace") erase();
    else if (event.key === "Enter" && event.target === box) void submit();
    else return;
    event.preventDefault();
  });
}

build();
