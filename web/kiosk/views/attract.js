// The screen between two shoppers: the shelf's own products drift by, and one thing can be touched.
import { sized } from "../api.js";
import { h, icon, swap } from "../dom.js";
import { t } from "../texts.js";
import { invitation, invites } from "./invitation.js";

const COLUMNS = 5;
const TALL = 10; // Tiles that fill an upright screen in one of the columns.
const DRAWN = ["shirt", "shopping-bag", "footprints", "package", "apple", "milk", "tag", "store"];

export class Attract {
  constructor(app, element) {
    Object.assign(this, { app, element, drift: element.querySelector(".drift") });
    element.addEventListener("click", () => app.send({ type: "start" }));
    this.show([]);
  }

  // products: of /api/shelf; without any (an older service, a shelf without pictures) drawings take their place.
  show(products) {
    const tiles = products.length >= COLUMNS ? products.map(picture) : DRAWN.concat(DRAWN, DRAWN.slice(0, 4)).map(drawing);
    swap(
      this.drift,
      columns(tiles).map((column, at) => h("div", { class: "lane", vars: { pace: `${90 + at * 17}s` } }, filled(column))),
    );
  }

  update({ view, language, shelf }, before) {
    this.element.hidden = view !== "attract";
    if (shelf !== before.shelf || language !== before.language) this.#invite(shelf);
    for (const each of this.element.querySelectorAll("[data-language]")) {
      each.setAttribute("aria-pressed", String(each.dataset.language === language));
    }
    if (view === "attract" && before.view && before.view !== "attract")
      this.element.querySelector("[data-test=start]").focus({ preventScroll: true });
  }

  #invite(shelf) {
    const place = this.element.querySelector(".invite");
    if (!invites(shelf)) return place.replaceChildren();
    if (place.dataset.words !== t("Or on your own phone")) swap(place, invitation(), h("p", {}, t("Or on your own phone")));
    place.dataset.words = t("Or on your own phone");
  }
}

// Twice the same, each half taller than any screen: when the first has drifted by, the second stands in its place.
function filled(column) {
  const half = Array.from({ length: Math.max(1, Math.ceil(TALL / column.length)) }, () => column).flat();
  return [...half, ...half].map((tile) => tile.cloneNode(true));
}

const columns = (tiles) => Array.from({ length: COLUMNS }, (_, at) => tiles.filter((_tile, index) => index % COLUMNS === at));

const picture = ({ picture: url }) =>
  h(
    "span",
    { class: "drifter" },
    h("img", { src: sized(url, 480), alt: "", loading: "lazy", decoding: "async", on: { error: hide } }),
  );

const drawing = (name, at) => h("span", { class: `drifter drawn tone-${at % 4}` }, icon(name));

const hide = (event) => event.target.closest(".drifter").classList.add("empty-drifter");
