// A searched photo: its boxes on one side; on the other what the chosen box found, and ways to put it right.
import { shares } from "../boxes.js";
import { button, h, icon, set, setVars, swap } from "../dom.js";
import { hasNothing, isNothing } from "../state.js";
import { t } from "../texts.js";
import { adviceWords, faultOf, faultWords, groupIcon, regionNames } from "../words.js";
import { cards } from "./cards.js";
import { choices } from "./choices.js";

export class Results {
  // actions: {retake(), open(id), choose(), facet(name), categories(), correct(chosen)}
  constructor(app, element, actions) {
    Object.assign(this, { app, element, actions });
    this.image = h("img", { alt: "", class: "shot-photo", on: { error: () => this.#unseen(), load: () => this.#ratio() } });
    this.overlay = h("div", { class: "boxes" });
    this.shot = h(
      "figure",
      { class: "shot fitted", "data-test": "photo" },
      this.image,
      this.overlay,
      h("div", { class: "beam", "aria-hidden": "true" }),
    );
    this.panel = h("div", { class: "panel" });
    this.side = h("div", { class: "side" }, h("div", { class: "fit" }, this.shot), h("div", { class: "side-foot" }));
    element.append(this.side, this.panel);
  }

  update(state, before) {
    const shown = state.view === "searching" || state.view === "results";
    this.element.hidden = !shown;
    if (!shown) return state.photo ? null : this.#forget();
    if (state.photo !== before.photo) this.#photo(state.photo);
    if (drawn(state).some((value, at) => value !== drawn(before)[at])) this.#draw(state, before);
    if (state.view !== before.view || state.region !== before.region) this.panel.scrollTo?.(0, 0);
  }

  #photo({ url, width, height }) {
    this.shot.classList.remove("unseen");
    setVars(this.shot, { ratio: width ? width / height : 1 });
    this.image.src = url;
  }

  #ratio() {
    if (this.image.naturalWidth) setVars(this.shot, { ratio: this.image.naturalWidth / this.image.naturalHeight });
  }

  // HEIC, say: most browsers cannot show it. Its boxes then lie on a plain ground.
  #unseen() {
    this.shot.classList.add("unseen");
    const { state } = this.app;
    if (state.answer) this.#draw(state, { ...state, answer: null });
  }

  #forget() {
    this.image.removeAttribute("src");
    this.overlay.replaceChildren();
  }

  #draw(state, before) {
    set(this.element, "data-searching", state.view === "searching");
    set(this.element, "data-fault", state.view === "results" && !state.answer);
    this.image.alt = t("Your photo");
    if (
      state.answer !== before.answer ||
      state.region !== before.region ||
      state.language !== before.language ||
      state.view !== before.view
    )
      this.#boxes(state);
    swap(
      this.side.lastChild,
      button(t("New photo"), {
        glyph: "camera",
        kind: "glassy",
        "data-test": "retake",
        "data-key": "retake",
        on: this.actions.retake,
      }),
    );
    swap(this.panel, this.#content(state));
  }

  #boxes({ answer, region }) {
    if (!answer) return this.overlay.replaceChildren();
    if (this.shot.classList.contains("unseen")) setVars(this.shot, { ratio: answer.width / answer.height });
    const sole = answer.regions.length === 1 && answer.regions[0].group === "frame";
    const names = regionNames(answer.regions);
    const boxes = answer.regions.map((each, at) => this.#box(each, at, names[at], at === region, answer));
    swap(this.overlay, sole ? [] : boxes);
  }

  #box({ box, group }, at, name, chosen, frame) {
    return h(
      "button",
      {
        type: "button",
        class: "box",
        "data-test": "box",
        "data-group": group,
        "data-key": `box-${at}`,
        "aria-pressed": String(chosen),
        "aria-label": name,
        vars: shares(box, frame),
        on: { click: () => this.app.send({ type: "region", index: at }) },
      },
      h("span", { class: "box-name" }, name),
    );
  }

  #content(state) {
    if (state.view === "searching") return waiting();
    if (!state.answer) return this.#fault(state.error);
    if (!state.answer.regions.length) return this.#nothing(state, []);
    return [
      this.#regions(state),
      this.#heading(state),
      this.#plain(),
      advice(state),
      choices(state, this.app, this.actions),
      state.error && fault(state.error),
      this.#found(state),
    ];
  }

  // Boxes that are small, or hidden behind each other, are in reach as words as well.
  #regions({ answer, region }) {
    if (answer.regions.length < 2) return null;
    const names = regionNames(answer.regions);
    return h(
      "div",
      { class: "chips line", role: "group", "aria-label": t("Found in the photo"), "data-scroll": "regions" },
      answer.regions.map((each, at) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            "data-test": "region-chip",
            "data-key": `region-${at}`,
            "aria-pressed": String(at === region),
            on: { click: () => this.app.send({ type: "region", index: at }) },
          },
          icon(groupIcon(each.group)),
          names[at],
        ),
      ),
    );
  }

  #heading(state) {
    const { found } = state;
    if (hasNothing(state)) return false;
    const doubtful = isNothing(found) ? t("Similar things on our shelf") : t("It may be one of these");
    return h("h1", { tabindex: "-1" }, found.confident && !isNothing(found) ? t("Here is what we found") : doubtful);
  }

  #plain() {
    return (
      this.shot.classList.contains("unseen") &&
      h("p", { class: "note" }, t("This browser cannot show this kind of photo; the search can read it."))
    );
  }

  #found(state) {
    const { found, asking } = state;
    const busy = asking ? "stale" : "";
    if (hasNothing(state)) return this.#nothing(state, found.hits);
    const best = found.confident && !isNothing(found);
    return [
      h("div", { class: `grid hits ${busy}`, "aria-busy": String(asking) }, cards(found.hits, this.actions.open, { best })),
      this.#doubt(state),
    ];
  }

  // "Nothing like this here" is said plainly; what is merely near lies under a fold, and is not called an answer.
  #nothing(state, near) {
    const filtered = Object.keys(state.where).length > 0 || state.category !== "auto";
    return [
      h(
        "div",
        { class: "empty not-here", "data-test": "not-here" },
        icon("search-x"),
        h("h1", { tabindex: "-1" }, filtered && !near.length ? t("Nothing fits these filters") : t("Nothing like this here")),
        h(
          "p",
          {},
          filtered && !near.length
            ? t("Try fewer filters or another category.")
            : t("We do not seem to have this product. Try one thing at a time, closer, and with more light."),
        ),
        button(t("New photo"), {
          glyph: "camera",
          kind: "primary",
          "data-test": "retake",
          "data-key": "retake-nothing",
          on: this.actions.retake,
        }),
      ),
      near.length > 0 &&
        h(
          "details",
          { class: "fold similar", "data-test": "similar-fold", "data-key": `similar-${state.region}` },
          h("summary", { "data-key": "similar-words" }, t("Similar things on our shelf")),
          h("div", { class: "grid hits" }, cards(near, this.actions.open)),
        ),
    ];
  }

  #doubt(state) {
    if (!state.settings.corrections) return null;
    if (state.corrected)
      return h("p", { class: "banner good", role: "status" }, icon("check"), t("Thank you. This helps to find it next time."));
    return h(
      "div",
      { class: "doubt" },
      h("p", {}, t("Is it not among these?")),
      button(t("None of these"), {
        glyph: "thumbs-down",
        "data-test": "none-of-these",
        "data-key": "none",
        on: () => this.actions.correct(null),
      }),
    );
  }

  #fault(error) {
    return h(
      "div",
      { class: "empty", "data-test": "photo-error", "data-code": error?.code },
      icon("image-off"),
      h("h1", { tabindex: "-1" }, t("That did not work")),
      h("p", {}, faultWords(error)),
      h(
        "div",
        { class: "row centred" },
        button(t("New photo"), {
          glyph: "camera",
          kind: "primary",
          "data-test": "retake",
          "data-key": "retake-fault",
          on: this.actions.retake,
        }),
        button(t("Choose a photo"), { glyph: "image", "data-key": "choose-fault", on: this.actions.choose }),
      ),
    );
  }
}

// What the panel is made of: nothing else redraws it, least of all the poll under a finger that is just going down.
const drawn = ({ view, photo, answer, region, found, asking, category, where, error, corrected, language, settings, shelf }) => [
  view,
  photo,
  answer,
  region,
  found,
  asking,
  category,
  where,
  error,
  corrected,
  language,
  settings.corrections,
  shelf?.revision,
];

// A sure answer needs no better photo.
function advice({ answer: { quality }, found }) {
  const words = found.confident && found.hits.length ? null : adviceWords(quality);
  return words && h("p", { class: "banner info", "data-test": "advice", "data-code": faultOf(quality) }, icon("info"), words);
}

const fault = (error) =>
  h("p", { class: "banner bad", role: "alert", "data-code": error.code }, icon("triangle-alert"), faultWords(error));

const waiting = () =>
  h(
    "div",
    { class: "waiting", "data-test": "searching" },
    h("h1", { tabindex: "-1" }, t("Looking on the shelf …")),
    h(
      "div",
      { class: "grid hits", "aria-hidden": "true" },
      Array.from({ length: 6 }, () => h("div", { class: "skeleton card-ghost" })),
    ),
  );
