/**
 * The round control. It acts when it was held long enough, by pointer or by Space or Enter; let go earlier, it does
 * nothing and says so. Assistive technology that can only "click" starts a longer run, which a second click stops.
 */

import { button, part, write } from "./page.js";
import { say } from "./wording.js";

const HELD = 1_500;
const RUN = 3_000;

export class HoldControl {
  /** @param {() => void} act */
  constructor(act) {
    this.act = act;
    this.control = button("press");
    this.ring = part("press").querySelector("#ring");
    this.said = part("press-said");
    this.began = 0;
    this.lasts = HELD;
    this.byClick = false;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.#listen();
  }

  #listen() {
    const { control } = this;
    control.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      control.setPointerCapture?.(event.pointerId);
      this.#start(HELD);
    });
    for (const name of ["pointerup", "pointercancel"]) control.addEventListener(name, () => this.#release());
    control.addEventListener("contextmenu", (event) => event.preventDefault());
    control.addEventListener("dragstart", (event) => event.preventDefault());
    control.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.#start(HELD);
    });
    control.addEventListener("keyup", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      this.#release();
    });
    control.addEventListener("blur", () => this.#release());
    control.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      if (this.byClick) this.#release();
      else this.#start(RUN, { byClick: true });
    });
  }

  /** @param {number} lasts @param {{byClick?: boolean}} [how] */
  #start(lasts, { byClick = false } = {}) {
    if (this.began) return;
    this.began = performance.now();
    this.lasts = lasts;
    this.byClick = byClick;
    this.control.dataset.held = "yes";
    write(this.said, byClick ? say("hold.running") : "");
    this.timer = setTimeout(() => this.#done(), lasts);
    this.#draw();
  }

  #release() {
    if (!this.began) return;
    this.#stop();
    write(this.said, say("hold.early"));
  }

  #done() {
    this.#stop();
    write(this.said, "");
    this.act();
  }

  #stop() {
    clearTimeout(this.timer);
    this.began = 0;
    this.byClick = false;
    delete this.control.dataset.held;
    this.#show(0);
  }

  #draw() {
    if (!this.began) return;
    const done = Math.min(1, (performance.now() - this.began) / this.lasts);
    // Less motion: the ring grows by quarters.
    this.#show(this.calm.matches ? Math.ceil(done * 4) / 4 : done);
    requestAnimationFrame(() => this.#draw());
  }

  /** @param {number} done from 0 to 1 */
  #show(done) {
    if (this.ring instanceof SVGElement) this.ring.style.setProperty("stroke-dashoffset", String(101 - 101 * done));
  }
}
