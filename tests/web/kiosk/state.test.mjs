// The page's state: what a shopper does and what the service answers, in any order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canGoBack, hasNothing, initial, isNothing, meant, pageOf, step } from "../../../web/kiosk/state.js";

const HIT = { product_id: "1", score: 0.8, title: "Apple", category: "Apple", picture: null };
const ANSWER = {
  width: 100,
  height: 200,
  regions: [
    {
      box: [0, 0, 50, 50],
      group: "upper",
      categories: [["Tee", 0.9]],
      hits: [HIT, { ...HIT, product_id: "2" }],
      confident: true,
      confidence: 0.9,
      vector: "AAAA",
    },
    { box: [0, 100, 50, 50], group: "trousers", categories: [], hits: [HIT], confident: false, confidence: 0.1, vector: "AAAA" },
  ],
};
const after = (...events) => events.reduce(step, initial({ language: "en", settings: { language: "auto", theme: "auto" } }));
const PHOTO = { type: "photo", photo: { url: "blob:1" } };
const searched = (...events) => after({ type: "start" }, PHOTO, { type: "answered", turn: 1, answer: ANSWER }, ...events);

test("a photo leads over searching to its most prominent region's hits", () => {
  assert.equal(after({ type: "start" }, PHOTO).view, "searching");
  const state = searched();
  assert.equal(state.view, "results");
  assert.deepEqual(
    state.found.hits.map((hit) => hit.product_id),
    ["1", "2"],
  );
});

test("an answer to an older photo is dropped, however late it comes", () => {
  const state = after({ type: "start" }, PHOTO, PHOTO, { type: "answered", turn: 1, answer: ANSWER });
  assert.equal(state.view, "searching");
  assert.equal(state.answer, null);
});

test("an answer that comes after going back changes nothing", () => {
  const state = after({ type: "start" }, PHOTO, { type: "back" }, { type: "answered", turn: 1, answer: ANSWER });
  assert.equal(state.view, "live");
});

test("the box that was touched on the live picture is the region that is shown", () => {
  const state = after({ type: "start" }, PHOTO, { type: "answered", turn: 1, answer: ANSWER, box: [2, 98, 50, 50] });
  assert.equal(state.region, 1);
  assert.equal(state.found.confident, false);
  assert.equal(meant(ANSWER.regions, [90, 190, 5, 5]), 0, "a touch that meets nothing means the most prominent");
});

test("what is not sure is shown, unless there is nothing like it; a shelf that does not tell is one or the other", () => {
  const found = (told) => {
    const regions = [{ ...ANSWER.regions[0], hits: [HIT], ...told }];
    return after({ type: "start" }, PHOTO, { type: "answered", turn: 1, answer: { ...ANSWER, regions } }).found;
  };
  assert.equal(isNothing(found({ confident: false, absent: false })), false);
  assert.equal(found({ confident: false, absent: false }).confident, false);
  assert.equal(isNothing(found({ confident: false, absent: true })), true);
  assert.equal(isNothing(found({ confident: false, absent: null })), true);
  assert.equal(isNothing(found({ confident: true, absent: null })), false);
  assert.equal(isNothing(found({ confident: true, absent: false, hits: [] })), true);
});

test("what a filter or a category asks for is shown, however far it is from the photo", () => {
  const far = { hits: [HIT], absent: true };
  const nothing = (found, category = "auto", where = {}) => hasNothing({ found, category, where });
  assert.equal(nothing(far), true);
  assert.equal(nothing(far, "all"), true, "nothing on the whole shelf is like it");
  assert.equal(nothing(far, "Apple"), false);
  assert.equal(nothing(far, "auto", { color: "Red" }), false);
  assert.equal(nothing({ hits: [], absent: true }, "Apple"), true);
  assert.equal(nothing({ hits: [HIT], absent: false }), false);
});

test("another category's hits take the place of the first, and another box has its own again", () => {
  const asked = searched({ type: "ask", category: "Apple" });
  assert.equal(asked.asking, true);
  const found = step(asked, {
    type: "found",
    turn: asked.turn,
    found: { hits: [HIT], confident: true, confidence: 0.7, categories: [] },
  });
  assert.deepEqual([found.found.hits.length, found.category, found.asking], [1, "Apple", false]);
  const other = step(found, { type: "region", index: 1 });
  assert.deepEqual([other.category, other.where, other.found.confident], ["auto", {}, false]);
});

test("an answer for one box does not land on another", () => {
  const asked = searched({ type: "ask", category: "Apple" });
  const other = step(asked, { type: "region", index: 1 });
  assert.equal(step(other, { type: "found", turn: asked.turn, found: { hits: [], confident: true } }), other);
});

test("a photo that cannot be searched says why, and the next photo works", () => {
  const state = after({ type: "start" }, PHOTO, { type: "failed", turn: 1, error: { code: "photo_unreadable", message: "" } });
  assert.deepEqual([state.view, state.answer, state.error.code], ["results", null, "photo_unreadable"]);
  assert.equal(step(state, PHOTO).error, null);
});

test("no regions at all is not an answer of products", () => {
  const state = after({ type: "start" }, PHOTO, { type: "answered", turn: 1, answer: { width: 1, height: 1, regions: [] } });
  assert.deepEqual([state.view, state.found.confident, state.found.hits], ["results", false, []]);
});

test("back walks products in reverse, then the hits, then the camera", () => {
  let state = searched({ type: "product", turn: 1, product: { product_id: "1" } });
  state = step(state, { type: "product", turn: state.turn, product: { product_id: "2" } });
  state = step(state, { type: "back" });
  assert.equal(state.product.product_id, "1");
  state = step(state, { type: "back" });
  assert.deepEqual([state.view, state.found.hits.length], ["results", 2]);
  state = step(state, { type: "back" });
  assert.deepEqual([state.view, state.photo, canGoBack(state)], ["live", null, false]);
});

test("a product reached by its barcode leads back to the camera", () => {
  const state = after({ type: "start" }, { type: "opening" }, { type: "product", turn: 1, product: { product_id: "1" } });
  assert.equal(step(state, { type: "back" }).view, "live");
});

test("the idle page forgets the shopper: photo, hits, filters and language", () => {
  const state = searched({ type: "ask", where: { colour: "red" } }, { type: "language", language: "de" }, { type: "reset" });
  assert.deepEqual([state.view, state.photo, state.answer, state.where, state.language], ["attract", null, null, {}, "en"]);
});

test("an answer that comes after the page has started over is dropped", () => {
  const state = after({ type: "start" }, PHOTO, { type: "reset" }, { type: "answered", turn: 1, answer: ANSWER });
  assert.equal(state.view, "attract");
});

const shelf = (settings) => ({
  type: "shelf",
  shelf: { revision: "1", settings: { language: "auto", theme: "auto", ...settings } },
});

test("a language that staff set counts at once, but not over the shopper's own choice", () => {
  assert.equal(after(shelf({ language: "de" })).language, "de");
  assert.equal(after(shelf({ language: "de-AT" })).language, "de");
  assert.equal(after(shelf({ language: "fr" })).language, "en", "one that the page does not speak is no language");
  assert.equal(after({ type: "language", language: "zh" }, shelf({ language: "de" })).language, "zh");
});

test("a language in the page's address holds over the kiosk's own", () => {
  const state = step(initial({ language: "zh", forced: { language: "zh" } }), shelf({ language: "de" }));
  assert.deepEqual([state.language, step(state, { type: "reset" }).language], ["zh", "zh"]);
});

test("the service goes away and comes back", () => {
  assert.equal(after({ type: "down" }).service, "down");
  assert.equal(after({ type: "down" }, shelf({})).service, "up");
});

test("an unknown event is a mistake of the page, not nothing", () => {
  assert.throws(() => after({ type: "explode" }), /explode/);
});

test("what only the server has is shown by what its answer said", () => {
  const served = { ...HIT, product_id: "9", source: "server", attributes: { price: "4" }, picture: "/served/9" };
  const local = { ...HIT, source: "local" };
  const found = { hits: [served, local] };
  const page = pageOf({ found }, "9");
  assert.deepEqual(page.pictures, ["/served/9"]);
  assert.equal(page.elsewhere, true);
  assert.deepEqual(page.attributes, { price: "4" });
  assert.deepEqual(page.similar, [local]);
  assert.deepEqual(pageOf({ found: { hits: [{ ...served, picture: null }] } }, "9").pictures, []);
  // What the shelf had, and has no more, has no page; nor has what no answer names.
  assert.equal(pageOf({ found }, "1"), null);
  assert.equal(pageOf({ found }, "8"), null);
  assert.equal(pageOf({ found: null }, "9"), null);
});
