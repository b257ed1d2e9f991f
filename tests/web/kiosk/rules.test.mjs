// Where boxes lie, the pace of frames, the cut of the picture, and words with numbers in three languages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { productAddress, sized } from "../../../web/kiosk/api.js";
import { shares } from "../../../web/kiosk/boxes.js";
import { visible } from "../../../web/kiosk/frames.js";
import { LiveLoop } from "../../../web/kiosk/live.js";
import { idleLeft, patiently, pause, withBarcodes } from "../../../web/kiosk/pace.js";
import { firstTry, outdated } from "../../../web/kiosk/release.js";
import { ago, t, tn, useTexts } from "../../../web/kiosk/texts.js";
import { categoryName, fieldName, fieldValue, freshness, regionNames, useRank, warningWords } from "../../../web/kiosk/words.js";

test("a mirrored picture mirrors its boxes", () => {
  assert.deepEqual(shares([10, 20, 30, 40], { width: 100, height: 100 }), { x: 0.1, y: 0.2, w: 0.3, h: 0.4 });
  assert.deepEqual(shares([10, 20, 30, 40], { width: 100, height: 100 }, true), { x: 0.6, y: 0.2, w: 0.3, h: 0.4 });
});

test("what is sent is what the stage shows of the video", () => {
  assert.deepEqual(visible({ width: 1920, height: 1080 }, { width: 1080, height: 1080 }), {
    x: 420,
    y: 0,
    width: 1080,
    height: 1080,
  });
  assert.deepEqual(visible({ width: 480, height: 640 }, { width: 480, height: 640 }), { x: 0, y: 0, width: 480, height: 640 });
});

test("frames come a few times a second, and make way for a search", () => {
  assert.equal(pause({ took: 10, outcome: "shown" }), 120);
  assert.ok(pause({ took: 1000, outcome: "shown" }) > 500);
  assert.equal(pause({ took: 5, outcome: "busy", before: 300 }), 600);
  assert.equal(pause({ took: 5, outcome: "failed" }), 2000);
  assert.equal([0, 1, 2, 3].filter(withBarcodes).length, 2);
});

test("a catalogue's columns and values of any name and kind are words", () => {
  const attributes = JSON.parse('{"__proto__": 1, "constructor": 2, "Brand": 3}');
  assert.deepEqual(Object.keys(attributes).map(fieldName), ["Proto", "Constructor", "Brand"]);
  assert.equal(fieldValue(JSON.parse('{"toString": null, "valueOf": 1}')), '{"toString":null,"valueOf":1}');
  assert.equal(fieldValue(["S", ["M", null], "L|XL", 42.5, true]), "S, M, , L, XL, 42.5, true");
});

test("each thing that can be wrong is said in words of its own", () => {
  const codes = ["clock", "expired", "disk_full", "sync_failed", "previous_generation", "worker_restarted", "store", "settings"];
  const words = [...codes, "settings_not_kept"].map((code) => warningWords({ code, message: "" }));
  assert.equal(new Set(words).size, words.length);
  assert.ok(words.every(Boolean));
  assert.match(warningWords({ code: "expired" }), /out of date, or .* clock/);
  assert.match(warningWords({ code: "settings_not_kept" }), /cannot be saved/);
});

test("one frame is on its way at a time, even where the loop is stopped and started again", async () => {
  let flying = 0,
    most = 0,
    shown = 0;
  const ask = async () => {
    most = Math.max(most, ++flying);
    await new Promise((done) => setTimeout(done, 20));
    flying--;
    return {};
  };
  const loop = new LiveLoop({ grab: () => ({ blob: null }), ask, show: () => shown++, barcodes: () => false });
  loop.start();
  loop.start();
  await new Promise((done) => setTimeout(done, 10));
  loop.stop();
  loop.start();
  await new Promise((done) => setTimeout(done, 250));
  loop.stop();
  const before = shown;
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(most, 1);
  assert.ok(before >= 1);
  assert.equal(shown, before, "a stopped loop shows nothing more");
});

test("a busy service is asked again, for a while; any other refusal is one", async () => {
  const refusing = (times, code) => {
    let asked = 0;
    return async () => {
      if (++asked <= times) throw Object.assign(new Error(code), { code });
      return asked;
    };
  };
  assert.equal(await patiently(refusing(2, "busy"), { wait: 1 }), 3);
  await assert.rejects(patiently(refusing(9, "busy"), { wait: 1 }), /busy/);
  await assert.rejects(patiently(refusing(1, "photo_unreadable"), { wait: 1 }), /photo_unreadable/);
});

test("the idle page counts down at the end alone", () => {
  assert.equal(idleLeft(10_000, 0, 60), null);
  assert.equal(idleLeft(50_000, 0, 60), 10);
  assert.equal(idleLeft(61_000, 0, 60), 0);
  assert.equal(idleLeft(1e9, 0, 0), null, "0 seconds is never");
  assert.equal(idleLeft(3_000, 0, 6), null, "a short time is not all warning");
});

test("English without a catalogue, German and Chinese with theirs", () => {
  useTexts("en", {});
  assert.deepEqual(
    [tn("{n} product", "{n} products", 1), tn("{n} product", "{n} products", 12480)],
    ["1 product", "12,480 products"],
  );
  useTexts("de", { "{n} product": ["{n} Produkt", "{n} Produkte"], Save: "Speichern" });
  assert.deepEqual(
    [tn("{n} product", "{n} products", 1), tn("{n} product", "{n} products", 12480), t("Save")],
    ["1 Produkt", "12.480 Produkte", "Speichern"],
  );
  useTexts("zh", { "{n} product": ["{n} 件商品"] });
  assert.equal(tn("{n} product", "{n} products", 1), "1 件商品");
});

test("how fresh the shelf is, in words", () => {
  useTexts("en", {});
  assert.equal(freshness({ products: 12480, age_s: 3 * 3600 + 20 }), "Updated 3 hours ago · 12,480 products");
  assert.equal(freshness({ products: 1, age_s: 5 }), "Updated just now · 1 product");
  assert.equal(freshness({ products: 2, age_s: null }), "2 products");
  assert.equal(ago(86400), "yesterday");
});

test("names are filled in as they are, whatever they look like", () => {
  useTexts("en", {});
  assert.equal(t("Search: {what}", { what: "<b>{what}</b> $& $1" }), "Search: <b>{what}</b> $& $1");
});

test("a catalogue's names are written for people", () => {
  assert.deepEqual(
    ["Brown-Cap-Mushroom", "T-Shirt", "hoodies_and_sweatshirts", "Men/Tops/Tees"].map((name) => categoryName(name)),
    ["Brown Cap Mushroom", "T-Shirt", "hoodies and sweatshirts", "Men › Tops › Tees"],
  );
  assert.deepEqual([fieldValue(["red", "blue"]), fieldValue(12), fieldValue(null)], ["red, blue", "12", ""]);
});

test("regions of one group are told apart by a number, others have none", () => {
  useTexts("en", {});
  const groups = ["upper", "footwear", "upper", "vase"].map((group) => ({ group }));
  assert.deepEqual(regionNames(groups), ["Top 1", "Shoes", "Top 2", "vase"]);
});

test("an address leads to its product, whatever the id is", () => {
  const read = (id) => new URL(productAddress(id), "http://kiosk.example");
  for (const id of ["a", "a/b", "../a", "a/../b", "a/", "%2F", "ä ?#&"]) {
    assert.equal(decodeURIComponent(read(id).pathname.slice("/api/products/".length)), id);
  }
  for (const id of [".", ".."]) {
    assert.equal(read(id).pathname, "/api/products");
    assert.equal(read(id).searchParams.get("id"), id);
  }
  assert.equal(sized("/picture/0/a%2Fb", 480), "/picture/0/a%2Fb?side=480");
  assert.equal(sized("/picture/0/?id=..", 480), "/picture/0/?id=..&side=480");
  assert.equal(sized("blob:1", 480), "blob:1");
});

test("a page of before loads itself anew once, and only while nobody is before it", () => {
  const at = (view, release) => ({ view, shelf: release === undefined ? null : { release } });
  assert.equal(outdated(at("attract", "new"), "old"), true);
  for (const view of ["live", "searching", "results", "product"]) assert.equal(outdated(at(view, "new"), "old"), false);
  assert.equal(outdated(at("attract", "old"), "old"), false);
  assert.equal(outdated(at("attract"), "old"), false);
  assert.equal(outdated({ view: "attract", shelf: {} }, "old"), false);
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  assert.deepEqual([firstTry("new", storage), firstTry("new", storage), firstTry("newer", storage)], [true, false, true]);
  assert.equal(firstTry("new", undefined), false);
});

test("what shoppers ask for first stands before a catalogue's other columns", () => {
  const names = ["climate", "eco_collection", "Size", "material", "color", "regular_price"];
  assert.deepEqual(
    names.toSorted((one, other) => useRank(one) - useRank(other)),
    ["regular_price", "color", "Size", "material", "climate", "eco_collection"],
  );
});
