// What the page knows and how it changes: pure, without a document, a camera or a network. `step` makes the next
// state of one event; what must be done about it (asking, drawing, focusing) is the shell's, in app.js.
//
//   view      attract → live → searching → results → product (→ product …)
//   turn      counts questions; an answer to an older one is dropped, however late it comes
//   found     what the chosen region's hits are now: the answer's own, or those of a corrected category or facet

const NO_PHOTO = {
  photo: null,
  answer: null,
  region: 0,
  category: "auto",
  where: {},
  found: null,
  error: null,
  asking: false,
  product: null,
  trail: [],
  corrected: null,
};

export function initial({
  language = "en",
  theme = "auto",
  settings = {},
  view = "attract",
  forced = {},
  languages = ["en", "zh", "de"],
} = {}) {
  return {
    ...NO_PHOTO,
    view,
    language,
    theme,
    turn: 0,
    home: { language, theme },
    forced,
    languages,
    settings,
    shelf: null,
    service: "up",
    camera: "off",
    dialog: null,
    barcode: null,
    quality: null,
  };
}

export function step(state, event) {
  const rule = RULES[event.type];
  if (!rule) throw new Error(`no event ${event.type}`);
  const change = rule(state, event);
  return change ? { ...state, ...change } : state;
}

// Whether a backward step leads anywhere: the browser's back button is caught only then.
export const canGoBack = (state) => state.view === "searching" || state.view === "results" || state.view === "product";

export const region = (state) => state.answer?.regions[state.region] ?? null;

// The page of a product that the server's full range has and this shelf lacks, out of the answer that found it; null
// of any other.
export function pageOf({ found }, id) {
  const hit = found?.hits.find((each) => each.product_id === id && each.source === "server");
  if (!hit) return null;
  const { product_id, title, category, attributes = {}, picture } = hit;
  const similar = found.hits.filter((each) => each !== hit);
  return { product_id, title, category, attributes, pictures: picture ? [picture] : [], similar, goes_with: null, elsewhere: true };
}

const current = (state, event) => event.turn === state.turn;

function foundIn(regions, index) {
  const { hits = [], confident = true, absent = null, confidence = null, categories = [] } = regions[index] ?? { confident: false };
  const sure = confident !== false;
  return { hits, confident: sure, absent: absent ?? !sure, confidence, categories };
}

// Whether to say "nothing like this here". Neither that nor confident: what was found is shown, and that it is not sure.
export const isNothing = ({ hits, absent }) => absent || !hits.length;

// What a shopper asked for by a filter or a category ("the same in red") is an answer however far it is from the photo:
// the product itself may lie outside of what was asked for.
export const hasNothing = ({ found, category, where }) =>
  isNothing(found) && !(found.hits.length > 0 && (Object.keys(where).length > 0 || !["auto", "all"].includes(category)));

// The region that a finger meant: the one that shares most with the box it touched.
export function meant(regions, box) {
  if (!box) return 0;
  const shares = regions.map((each) => overlap(each.box, box));
  const best = Math.max(0, ...shares);
  return best > 0.1 ? shares.indexOf(best) : 0;
}

export function overlap([ax, ay, aw, ah], [bx, by, bw, bh]) {
  const across = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const down = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  if (across <= 0 || down <= 0) return 0;
  return (across * down) / (aw * ah + bw * bh - across * down);
}

const RULES = {
  start: (state) => state.view === "attract" && { view: "live", error: null },
  live: () => ({ ...NO_PHOTO, view: "live" }),
  camera: (state, { camera }) => camera !== state.camera && { camera },
  barcode: (_state, { barcode }) => ({ barcode }),
  // What would make the live picture better; said while it lasts.
  quality: (state, { quality }) => quality?.faults?.[0]?.[0] !== state.quality?.faults?.[0]?.[0] && { quality },

  photo: (state, { photo }) => ({ ...NO_PHOTO, view: "searching", photo, turn: state.turn + 1, barcode: null }),
  answered: (state, event) => current(state, event) && state.view === "searching" && answered(event),
  failed: (state, event) =>
    current(state, event) && { asking: false, error: event.error, ...(state.view === "searching" && { view: "results" }) },

  region: (state, { index }) =>
    state.answer?.regions[index] && {
      region: index,
      found: foundIn(state.answer.regions, index),
      category: "auto",
      where: {},
      asking: false,
      corrected: null,
      turn: state.turn + 1,
    },
  ask: (state, { category = state.category, where = state.where }) => ({
    category,
    where,
    asking: true,
    error: null,
    turn: state.turn + 1,
  }),
  found: (state, event) =>
    current(state, event) && {
      asking: false,
      found: { ...foundIn([event.found], 0), categories: event.found.categories ?? state.found?.categories ?? [] },
    },

  opening: (state) => ({ asking: true, error: null, turn: state.turn + 1 }),
  product: (state, event) => current(state, event) && opened(state, event.product),
  // A newer generation of a product that is being looked at.
  renewed: (state, { product }) => state.view === "product" && product.product_id === state.product.product_id && { product },
  back,
  corrected: (_state, { corrected }) => ({ corrected }),
  dismiss: () => ({ error: null }),

  shelf: (state, { shelf }) => ({ shelf, service: "up", settings: shelf.settings, ...homeOf(state, shelf.settings) }),
  down: () => ({ service: "down" }),
  language: (_state, { language }) => ({ language }),
  theme: (_state, { theme }) => ({ theme }),
  dialog: (_state, { dialog }) => ({ dialog }),
  // The next shopper starts where this one did, in the shop's own language.
  reset: (state) => ({ ...NO_PHOTO, view: "attract", dialog: null, barcode: null, turn: state.turn + 1, ...state.home }),
};

function answered({ answer, box }) {
  const index = meant(answer.regions, box);
  return { view: "results", answer, region: index, found: foundIn(answer.regions, index) };
}

function opened(state, product) {
  const trail = state.view === "product" ? [...state.trail, state.product] : [];
  return { view: "product", product, trail, asking: false, barcode: null };
}

function back(state) {
  const turn = state.turn + 1;
  if (state.view === "product" && state.trail.length) {
    return { product: state.trail.at(-1), trail: state.trail.slice(0, -1), asking: false, error: null, turn };
  }
  if (state.view === "product" && state.answer) return { view: "results", product: null, asking: false, error: null, turn };
  return canGoBack(state) && { ...NO_PHOTO, view: "live", turn };
}

// A setting that staff changed counts at once, unless this visit's shopper, or the page's address, chose otherwise.
function homeOf(state, settings) {
  const tag = (settings.language ?? "auto").split("-")[0].toLowerCase(); // "auto" is what the browser asked for.
  const set = state.languages.includes(tag) ? tag : state.home.language;
  const home = { language: state.forced.language ?? set, theme: state.forced.theme ?? settings.theme ?? state.home.theme };
  const change = { home };
  for (const key of ["language", "theme"]) if (state[key] === state.home[key]) change[key] = home[key];
  return change;
}
