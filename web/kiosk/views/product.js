// One product: its pictures, what the catalogue says of it, what is like it, and what goes with it.
import { sized } from "../api.js";
import { button, h, icon, swap } from "../dom.js";
import { t } from "../texts.js";
import { categoryName, fieldName, fieldValue, roleName, useRank } from "../words.js";
import { cards, photo } from "./cards.js";

const SEEN = 3; // Looks that are shown for a role.

export class Product {
  // actions: {open(id), back(), correct(chosen)}
  constructor(app, element, actions) {
    Object.assign(this, { app, element, actions });
  }

  update(state, before) {
    const shown = state.view === "product";
    this.element.hidden = !shown;
    if (!shown) return before?.view === "product" ? this.element.replaceChildren() : null;
    if (
      state.product !== before.product ||
      state.view !== before.view ||
      state.language !== before.language ||
      state.corrected !== before.corrected
    )
      this.#draw(state);
    if (state.product?.product_id !== before.product?.product_id) this.element.scrollTo?.(0, 0);
  }

  #draw(state) {
    const { product } = state;
    swap(
      this.element,
      h(
        "article",
        { class: "product page", "data-test": "product", "data-product": product.product_id },
        button(state.trail.length || state.answer ? t("Back") : t("New photo"), {
          glyph: "arrow-left",
          kind: "quiet back",
          "data-test": "back",
          "data-key": "back",
          on: this.actions.back,
        }),
        h("div", { class: "product-top" }, gallery(product), this.#facts(state)),
        about(product),
        row(t("Similar products"), "similar", cards(product.similar ?? [], this.actions.open)),
        this.#together(product),
      ),
    );
    this.element.querySelector(".back .icon").classList.add("turns");
  }

  #facts(state) {
    const { product } = state;
    const { price, first, more } = sorted(product.attributes ?? {});
    return h(
      "div",
      { class: "facts stack" },
      product.category && h("p", { class: "eyebrow", dir: "auto" }, categoryName(product.category)),
      h(
        "h1",
        { tabindex: "-1", dir: "auto", "data-test": "product-title", class: product.title?.length > 80 ? "long" : "" },
        product.title || product.product_id,
      ),
      product.elsewhere && h("p", { class: "note", "data-test": "elsewhere" }, t("In our full range, but not on this shelf")),
      price && h("p", { class: "price number", "data-test": "price" }, price),
      first.length > 0 && rows(first, "attributes"),
      more.length > 0 &&
        h(
          "details",
          { class: "fold", "data-key": "more-details" },
          h("summary", { "data-key": "more" }, t("More details")),
          rows(more, "more-attributes"),
        ),
      this.#judgement(state),
    );
  }

  // Only of what a photo found, and only where the shop has agreed to count.
  #judgement(state) {
    if (!state.settings.corrections || !state.answer || state.trail.length) return null;
    if (state.corrected)
      return h("p", { class: "banner good", role: "status" }, icon("check"), t("Thank you. This helps to find it next time."));
    return h(
      "div",
      { class: "judgement" },
      h("p", {}, t("Is this what you were looking for?")),
      h(
        "div",
        { class: "row" },
        button(t("Yes, this is it"), {
          glyph: "thumbs-up",
          "data-test": "its-it",
          "data-key": "its-it",
          on: () => this.actions.correct(state.product.product_id),
        }),
        button(t("Not it?"), {
          glyph: "thumbs-down",
          "data-test": "not-it",
          "data-key": "not-it",
          on: () => this.actions.notIt(),
        }),
      ),
    );
  }

  #together({ goes_with: roles }) {
    const filled = (roles ?? []).filter(({ hits }) => hits.length);
    if (!filled.length) return null;
    return h(
      "section",
      { class: "together", "data-test": "goes-with" },
      h("h2", {}, t("Goes well with")),
      filled.map(({ role, hits, looks = [] }) =>
        h("div", { class: "role" }, h("h3", {}, roleName(role)), strip(cards(hits, this.actions.open), role), seen(looks)),
      ),
    );
  }
}

const ROWS = 5; // Before the fold.
const LONG = 120; // A longer text is no row of a table.
const MOST = { rows: 60, text: 2000 }; // What a server says of its hits is bounded by its answer alone.
const DESCRIBED = ["description", "short_description"];
const TOLD = ["palette"]; // What the search goes by, and nobody reads.

// What leads: the price, then what says something, a size before a climate; a "no", a nought or a further detail is
// for the fold.
function sorted(attributes) {
  const stated = Object.entries(attributes)
    .sort(([one], [other]) => useRank(one) - useRank(other))
    .slice(0, MOST.rows)
    .map(([name, value]) => [name.slice(0, LONG), fieldValue(value).slice(0, MOST.text)])
    .filter(([name, value]) => value !== "" && name !== "price" && !TOLD.includes(name) && !(DESCRIBED.includes(name) && value.length <= LONG));
  const telling = stated.filter(([, value]) => !/^(no|false|0)$/i.test(value) && value.length <= LONG);
  const first = telling.slice(0, ROWS);
  return { price: fieldValue(attributes.price).slice(0, LONG), first, more: stated.filter((each) => !first.includes(each)) };
}

const rows = (pairs, test) =>
  h(
    "dl",
    { class: "pairs", "data-test": test },
    pairs.map(([name, value]) => [h("dt", { dir: "auto" }, fieldName(name)), h("dd", { dir: "auto" }, value)]),
  );

function about({ attributes = {} }) {
  const text = fieldValue(attributes.description ?? attributes.short_description).slice(0, MOST.text);
  return text !== "" && h("p", { class: "about", dir: "auto", "data-test": "description" }, text);
}

function seen(looks) {
  const pictures = looks.filter(({ picture }) => picture).slice(0, SEEN);
  if (!pictures.length) return null;
  return h(
    "div",
    { class: "seen" },
    h("p", { class: "note" }, t("Seen together in these photos")),
    h(
      "div",
      { class: "row" },
      pictures.map((look) => photo(look, 160)),
    ),
  );
}

const row = (title, test, items) =>
  items.length > 0 && h("section", { class: "similar-row", "data-test": test }, h("h2", {}, title), strip(items, test));

const strip = (items, name) => h("div", { class: "strip", "data-scroll": name }, items);

function gallery({ pictures = [], title }) {
  if (!pictures.length) return h("div", { class: "gallery", "data-test": "product-picture" }, photo({}, 1200));
  const main = h(
    "div",
    { class: "main-picture", "data-test": "product-picture" },
    photo({ picture: pictures[0] }, 1200, title ?? ""),
  );
  const thumbs = pictures.map((url, at) =>
    h(
      "button",
      {
        type: "button",
        class: "thumb",
        "aria-label": t("Picture {n}", { n: at + 1 }),
        "aria-pressed": String(at === 0),
        on: {
          click: (event) => {
            swap(main, photo({ picture: url }, 1200, title ?? ""));
            press(event.currentTarget);
          },
        },
      },
      h("img", { src: sized(url, 160), alt: "", loading: "lazy", decoding: "async" }),
    ),
  );
  return h("div", { class: "gallery" }, main, pictures.length > 1 && h("div", { class: "thumbs" }, thumbs));
}

function press(chosen) {
  for (const each of chosen.parentElement.children) each.setAttribute("aria-pressed", String(each === chosen));
}
