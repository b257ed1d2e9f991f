// The loop that keeps boxes on the live picture: one frame on its way at a time, the newest picture wins.
import { pause, withBarcodes } from "./pace.js";

export class LiveLoop {
  #run = 0;
  #flight = null;

  // grab() → {blob, width, height} | null · ask(blob, barcodes) → answer · show(answer, frame) · barcodes() → bool
  constructor({ grab, ask, show, barcodes }) {
    Object.assign(this, { grab, ask, show, barcodes });
  }

  get running() {
    return this.#run % 2 === 1;
  }

  start() {
    if (!this.running) this.#loop(++this.#run);
  }

  stop() {
    if (this.running) this.#run++;
  }

  async #loop(run) {
    for (let count = 0, before; run === this.#run; count++) {
      const began = performance.now();
      const outcome = await this.#once(run, count);
      before = pause({ took: performance.now() - began, outcome, before });
      await new Promise((resolve) => setTimeout(resolve, before));
    }
  }

  async #once(run, count) {
    try {
      await this.#flight?.catch(() => {}); // Of a loop that was stopped while it asked.
      const frame = await this.grab();
      if (!frame || run !== this.#run) return "none";
      const answer = await (this.#flight = this.ask(frame.blob, this.barcodes() && withBarcodes(count)));
      if (run === this.#run) this.show(answer, frame);
      return "shown";
    } catch (error) {
      return error.code === "busy" || error.code === "stuck" ? "busy" : "failed";
    }
  }
}
