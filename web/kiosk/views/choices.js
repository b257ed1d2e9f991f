// Ways to put a search right: the category that was taken, others that it may be, and the catalogue's attributes.
import { button, h, icon } from "../dom.js";
import { number, t } from "../texts.js";
import { categoryName, fieldName, useRank } from "../words.js";

const SHOWN = 4;

// Categories of this shop that the region may be of, by its own answer, so that chips stay where they are when one
// is pressed; an older service names none, and then those of the hits are taken.
export function likely({ suggested, hits = [] }) {
  return (suggested?.length ? suggested : [...new Set(hits.map(({ category }) => category))]).filter(Boolean).slice(0, SHOWN);
}

export function choices(state, app, actions) {
  if (!state.answer.regions[state.region]?.vector) return null;
  return h("div", { class: "choices" }, categories(state, app, actions), facets(state, app, actions));
}

function categories(state, app, actions) {
  const chosen = state.category;
  const names = [
    ...new Set([...likely(state.answer.regions[state.region]), ...(chosen === "auto" || chosen === "all" ? [] : [chosen])]),
  ];
  const chip = (category, words, glyph) =>
    h(
      "button",
      {
        type: "button",
        class: "chip",
        "data-test": "category-chip",
        "data-category": category,
        "data-key": `category-${category}`,
        "aria-pressed": String(chosen === category),
        on: { click: () => app.ask({ category }) },
      },
      glyph && icon(glyph),
      h("span", { dir: "auto" }, words),
    );
  return h(
    "div",
    { class: "chips line", role: "group", "aria-label": t("Category"), "data-scroll": "categories" },
    chip("auto", t("Automatic"), "sparkles"),
    names.map((name) => chip(name, categoryName(name, 2))),
    chip("all", t("Everything"), "layers"),
    state.shelf?.categories?.length > names.length &&
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "data-test": "more-categories",
          "data-key": "more-categories",
          "aria-haspopup": "dialog",
          on: { click: actions.categories },
        },
        t("More …"),
      ),
  );
}

// What is set already, and what shoppers ask for first, before a catalogue's other columns.
const rank = (name, where) => (name in where ? -1 : useRank(name));
const ordered = (offered, where) => [...offered].sort((one, other) => rank(one.name, where) - rank(other.name, where));

function facets(state, app, actions) {
  const offered = ordered(state.shelf?.facets ?? [], state.where);
  if (!offered.length) return null;
  return h(
    "div",
    { class: "chips line", role: "group", "aria-label": t("Filters"), "data-scroll": "facets" },
    offered.slice(0, SHOWN).map(({ name }) =>
      h(
        "button",
        {
          type: "button",
          class: "chip facet",
          "data-test": "facet",
          "data-facet": name,
          "data-key": `facet-${name}`,
          "aria-haspopup": "dialog",
          "aria-pressed": String(name in state.where),
          on: { click: () => actions.facet(name) },
        },
        h("span", { dir: "auto" }, name in state.where ? `${fieldName(name)}: ${state.where[name]}` : fieldName(name)),
        icon("chevron-down"),
      ),
    ),
    offered.length > SHOWN &&
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "data-test": "more-facets",
          "data-key": "more-facets",
          "aria-haspopup": "dialog",
          on: { click: () => actions.facets(offered.slice(SHOWN).map(({ name }) => name)) },
        },
        t("More filters"),
      ),
    Object.keys(state.where).length > 0 &&
      button(t("Clear filters"), {
        glyph: "x",
        kind: "quiet",
        "data-test": "clear-filters",
        "data-key": "clear",
        on: () => app.ask({ where: {} }),
      }),
  );
}

// The dialogs' bodies.
export const facetValues = (state, name, pick) => {
  const { values = [] } = state.shelf.facets.find((each) => each.name === name) ?? {};
  return h(
    "div",
    { class: "chips" },
    option(t("Any"), {
      "data-test": "facet-value",
      "data-value": "",
      "aria-pressed": String(!(name in state.where)),
      on: { click: () => pick(null) },
    }),
    values.map(([value, count]) =>
      option([h("span", { dir: "auto" }, value), h("span", { class: "count" }, number(count))], {
        "data-test": "facet-value",
        "data-value": value,
        "aria-pressed": String(state.where[name] === value),
        on: { click: () => pick(value) },
      }),
    ),
  );
};

export const facetNames = (names, pick) =>
  h(
    "div",
    { class: "chips" },
    names.map((name) =>
      option(h("span", { dir: "auto" }, fieldName(name)), {
        "data-test": "facet",
        "data-facet": name,
        on: { click: () => pick(name) },
      }),
    ),
  );

export const allCategories = (state, pick) =>
  h(
    "div",
    { class: "chips" },
    state.shelf.categories.map((name) =>
      option(h("span", { dir: "auto" }, categoryName(name, 2)), {
        "data-test": "category-option",
        "data-category": name,
        "aria-pressed": String(state.category === name),
        on: { click: () => pick(name) },
      }),
    ),
  );

const option = (words, attributes) => h("button", { type: "button", class: "chip", ...attributes }, words);
