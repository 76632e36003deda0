/** A soft tone, again and again, while somebody waits and nobody has them. Off until somebody turns it on. */

const REMEMBERED = "desk.sound";
const EVERY = 4_000;

export class Sound {
  constructor() {
    this.on = localStorage.getItem(REMEMBERED) === "on";
    /** @type {AudioContext | null} */
    this.context = null;
    this.lastTone = -Infinity;
    // Browsers let a page sound only after somebody has touched it.
    for (const gesture of ["pointerdown", "keydown"]) {
      document.addEventListener(gesture, () => this.wake(), { capture: true });
    }
  }

  /** Turned on, but the browser still keeps it silent until the page is touched. */
  get asleep() {
    return this.on && this.context?.state !== "running";
  }

  wake() {
    if (!this.on) return;
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
  }

  toggle() {
    this.on = !this.on;
    localStorage.setItem(REMEMBERED, this.on ? "on" : "off");
    this.wake();
    if (this.on) this.tone();
  }

  /** Called every half second. @param {boolean} due */
  tick(due) {
    if (!due || !this.on) return;
    if (performance.now() - this.lastTone >= EVERY) this.tone();
  }

  tone() {
    const { context } = this;
    if (!context || context.state === "closed") return;
    this.lastTone = performance.now();
    [523.25, 659.25].forEach((frequency, place) => {
      const start = context.currentTime + place * 0.22;
      const gain = new GainNode(context, { gain: 0 });
      const note = new OscillatorNode(context, { type: "sine", frequency });
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.12, start + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
      note.connect(gain).connect(context.destination);
      note.start(start);
      note.stop(start + 0.55);
    });
  }
}
