// The live picture: the camera, boxes that follow it, the shutter; or what to do where there is no camera.
import { shares } from "../boxes.js";
import { button, h, icon, iconButton, set, setVars, swap } from "../dom.js";
import { t } from "../texts.js";
import { adviceWords, faultOf, groupName } from "../words.js";

export class Stage {
  #boxes = [];
  #buttons = new Map();
  #frame = { width: 1, height: 1 };

  // actions: {shoot(box|null), choose(), open(id)}
  constructor(app, element, camera, actions) {
    Object.assign(this, { app, element, camera, actions });
    this.video = camera.video;
    this.overlay = h("div", { class: "boxes" });
    this.glass = h(
      "div",
      { class: "stage", "data-test": "stage" },
      this.video,
      h("div", { class: "corners", "aria-hidden": "true" }),
      this.overlay,
    );
    this.notice = h("div", { class: "no-camera" });
    this.hint = h("div", { class: "stage-hint" });
    this.dock = h("div", { class: "dock" });
    this.title = h("h1", { class: "unseen-title", tabindex: "-1" });
    element.append(this.title, this.glass, this.notice, h("div", { class: "deck" }, this.hint, this.dock));
    this.glass.addEventListener("click", (event) => this.#focus(event));
    camera.addEventListener("change", () => this.#camera());
  }

  update(state, before) {
    this.element.hidden = state.view !== "live";
    if (state.view !== "live" && before?.view === "live") this.clear();
    if (
      state.view === "live" &&
      (changed(state, before, "view", "camera", "language", "barcode", "quality") || state.settings.live !== before.settings.live)
    )
      this.#draw(state);
  }

  // What the service saw on a frame: buttons are kept by the numbers of what it follows, so that a focused one stays so.
  show({ regions, width, height }) {
    this.#frame = { width, height };
    this.#boxes = regions;
    const alive = new Set(regions.map(({ number }) => number));
    for (const [number, element] of this.#buttons)
      if (!alive.has(number)) {
        element.remove();
        this.#buttons.delete(number);
      }
    for (const box of this.#boxes) this.#place(box);
  }

  clear() {
    this.#boxes = [];
    this.#buttons.clear();
    this.overlay.replaceChildren();
  }

  #place(box) {
    const element = this.#buttons.get(box.number) ?? this.#add(box);
    const { x, y, w, h: high } = shares(box.box, this.#frame, this.camera.mirrored);
    setVars(element, { x, y, w, h: high });
    set(element, "data-group", box.group);
    const what = box.seen?.title || groupName(box.group);
    set(element, "aria-label", t("Search: {what}", { what }));
    element.firstChild.textContent = what;
  }

  #add({ number }) {
    const touched = (event) => {
      event.stopPropagation();
      this.actions.shoot(this.#touched(number));
    };
    const element = h(
      "button",
      { type: "button", class: "box", "data-test": "box", on: { click: touched } },
      h("span", { class: "box-name" }),
    );
    this.#buttons.set(number, element);
    this.overlay.append(element);
    return element;
  }

  // The box as shares of the picture, unmirrored: the photo that is taken now has more pixels than the frame had.
  #touched(number) {
    const box = this.#boxes.find((each) => each.number === number);
    return box ? shares(box.box, this.#frame) : null;
  }

  #focus({ clientX, clientY }) {
    const { left, top, width, height } = this.glass.getBoundingClientRect();
    this.camera.focusAt((clientX - left) / width, (clientY - top) / height);
  }

  #camera() {
    this.video.classList.toggle("mirrored", this.camera.mirrored);
    if (this.camera.state !== "on") this.clear();
    this.app.send({ type: "camera", camera: this.camera.state });
    if (this.app.state.view === "live") this.#draw(this.app.state);
  }

  #draw(state) {
    const filming = state.camera === "on";
    this.glass.hidden = !filming && state.camera !== "off" && state.camera !== "asking";
    this.notice.hidden = !this.glass.hidden;
    swap(this.notice, this.glass.hidden ? this.#refusal(state.camera) : null);
    this.title.textContent = t("Point the camera at a product");
    swap(this.hint, this.#advice(state));
    swap(this.dock, this.#controls(state));
  }

  #advice({ camera, barcode, settings, quality }) {
    if (barcode) {
      return button(
        barcode.title ? t("Barcode read. Show {title}", { title: barcode.title }) : t("Barcode read. Show the product"),
        {
          glyph: "scan-barcode",
          kind: "primary large wrap",
          "data-test": "barcode",
          "data-key": "barcode",
          on: () => this.actions.open(barcode.product_id),
        },
      );
    }
    if (camera === "asking") return h("p", {}, icon("camera"), t("Please allow the camera."));
    if (camera !== "on") return null;
    const advice = adviceWords(quality);
    if (advice) return h("p", { "data-test": "advice", "data-code": faultOf(quality) }, icon("info"), h("b", {}, advice));
    return h(
      "p",
      {},
      icon("scan-line"),
      h(
        "span",
        {},
        h("b", {}, t("Point the camera at a product")),
        h("br"),
        settings.live ? t("Tap a frame, or the button.") : t("Then press the button."),
      ),
    );
  }

  #controls({ camera }) {
    const filming = camera === "on";
    return [
      h(
        "div",
        { class: "dock-side" },
        button(t("Choose a photo"), {
          glyph: "image",
          kind: filming ? "glassy" : "primary large",
          "data-test": "upload",
          "data-key": "upload",
          on: this.actions.choose,
        }),
      ),
      filming &&
        h(
          "button",
          {
            type: "button",
            class: "shutter",
            "data-test": "shutter",
            "data-key": "shutter",
            "aria-label": t("Take a photo and search"),
            on: { click: () => this.actions.shoot(null) },
          },
          icon("search"),
        ),
      filming && h("div", { class: "dock-side" }, this.#extras()),
    ];
  }

  #extras() {
    return [
      this.camera.several &&
        iconButton(t("Switch the camera"), "switch-camera", {
          kind: "glassy",
          "data-test": "switch-camera",
          "data-key": "switch",
          on: () => this.camera.next(),
        }),
      this.camera.abilities.torch &&
        iconButton(t("Lamp"), this.camera.lit ? "zap-off" : "zap", {
          kind: "glassy",
          "aria-pressed": String(this.camera.lit),
          "data-test": "torch",
          "data-key": "torch",
          on: () => this.camera.light(!this.camera.lit),
        }),
    ];
  }

  #refusal(camera) {
    const { glyph, title, words } = REFUSALS[camera] ?? REFUSALS.missing;
    return h(
      "div",
      { class: "empty", "data-test": camera === "refused" ? "camera-refused" : `camera-${camera}` },
      icon(glyph),
      h("h2", {}, title()),
      h("p", {}, words()),
      camera !== "insecure" &&
        button(t("Try the camera again"), {
          glyph: "refresh-cw",
          "data-test": "camera-retry",
          "data-key": "retry",
          on: () => this.camera.retry(),
        }),
    );
  }
}

const REFUSALS = {
  refused: {
    glyph: "camera-off",
    title: () => t("The camera was not allowed"),
    words: () =>
      t(
        "Allow it in the browser's address bar and try again, or choose a photo: searching works the same. Photos never leave this device.",
      ),
  },
  insecure: {
    glyph: "shield-check",
    title: () => t("Browsers give the camera to secure pages only"),
    words: () =>
      t(
        "Please ask our staff to start the kiosk with --tls, and scan its QR code. Until then you can choose a photo: searching works the same.",
      ),
  },
  missing: {
    glyph: "camera-off",
    title: () => t("No camera was found"),
    words: () => t("Connect a camera and try again, or choose a photo."),
  },
  lost: {
    glyph: "refresh-cw",
    title: () => t("The camera went away"),
    words: () => t("It is being connected again. You can also choose a photo."),
  },
};

const changed = (state, before, ...keys) => !before || keys.some((key) => state[key] !== before[key]);
