// A product among others: picture, title, category. Titles are of any length and in any script.
import { sized } from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../texts.js";
import { categoryName } from "../words.js";

export const cards = (hits, open, { best = false } = {}) => hits.map((hit, at) => card(hit, open, best && at === 0));

function card(hit, open, best) {
  const { product_id: id, title, category } = hit;
  return h(
    "button",
    {
      type: "button",
      class: `product-card ${best ? "best" : ""}`,
      "data-test": "hit",
      "data-product": id,
      "data-key": `hit-${id}`,
      "data-first": best,
      on: { click: () => open(id) },
    },
    photo(hit, 480),
    h("span", { class: "name clamp", dir: "auto" }, title || id),
    category && h("span", { class: "meta", dir: "auto" }, categoryName(category, 2)),
    hit.source === "server" && h("span", { class: "meta elsewhere", "data-test": "elsewhere" }, t("In our full range")),
    best && h("span", { class: "badge good" }, icon("check"), t("Best match")),
  );
}

// A product's picture, or the sign of one that is not there.
export function photo({ picture }, side, alt = "") {
  const frame = h("span", { class: "picture" });
  const missing = () => {
    frame.classList.add("missing");
    frame.replaceChildren(icon("image-off"));
  };
  if (picture)
    frame.append(h("img", { src: sized(picture, side), alt, decoding: "async", draggable: "false", on: { error: missing } }));
  else missing();
  return frame;
}
