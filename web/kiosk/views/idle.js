// When nobody has touched the page for a while, it asks, counts down, and starts over for the next shopper.
import { button, h, setVars } from "../dom.js";
import { idleLeft, warning } from "../pace.js";
import { number, t } from "../texts.js";
import { openDialog } from "./dialogs.js";

const TOUCHES = ["pointerdown", "keydown", "wheel", "input", "dragover", "paste"];

export class Idle {
  #touched = performance.now();
  #dialog = null;

  constructor(app, reset) {
    Object.assign(this, { app, reset });
    for (const name of TOUCHES) document.addEventListener(name, () => this.touch(), { passive: true, capture: true });
    setInterval(() => this.#tick(), 500);
  }

  touch() {
    this.#touched = performance.now();
    this.#dialog?.close();
  }

  #tick() {
    if (this.app.state.view === "attract" || this.app.state.view === "searching") return this.touch();
    const left = idleLeft(performance.now(), this.#touched, this.app.state.settings.idle_s);
    if (left === null) return;
    if (left === 0) return this.#over();
    if (!this.#dialog) this.#warn();
    this.#count.textContent = number(left);
    setVars(this.#ring, { left: left / warning(this.app.state.settings.idle_s) });
  }

  #over() {
    this.touch();
    this.reset();
  }

  #warn() {
    this.#count.textContent = "";
    const body = h("div", { class: "countdown" }, this.#ring, h("p", {}, t("This page starts over for the next shopper.")));
    this.#dialog = openDialog({
      title: t("Are you still there?"),
      test: "idle-warning",
      closable: false,
      body,
      onClose: () => {
        this.#dialog = null;
      },
      footer: [
        button(t("Start over"), { "data-test": "idle-over", on: () => this.#over() }),
        button(t("I am still here"), {
          kind: "primary large",
          autofocus: true,
          "data-test": "idle-stay",
          on: () => this.touch(),
        }),
      ],
    });
  }

  #count = h("b", { class: "number", "aria-hidden": "true" });
  #ring = h("div", { class: "countdown-ring", vars: { left: 1 } }, this.#count);
}
