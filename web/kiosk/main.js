// The kiosk's page: puts camera, service and views together.
import { api, ServiceError } from "./api.js";
import { App } from "./app.js";
import { Camera } from "./camera.js";
import { h, set, useSprite } from "./dom.js";
import { Frames } from "./frames.js";
import { LiveLoop } from "./live.js";
import { MOST_BYTES, takePhotos } from "./photos.js";
import { firstTry, outdated } from "./release.js";
import { canGoBack } from "./state.js";
import { t, useTexts } from "./texts.js";
import { Attract } from "./views/attract.js";
import { allCategories, facetNames, facetValues } from "./views/choices.js";
import { closeAll, openDialog, toast } from "./views/dialogs.js";
import { Frame } from "./views/frame.js";
import { Idle } from "./views/idle.js";
import { askPin } from "./views/pin.js";
import { Product } from "./views/product.js";
import { Results } from "./views/results.js";
import { openSettings } from "./views/settings.js";
import { Stage } from "./views/stage.js";
import { keepAwake } from "./wake.js";
import { faultWords, fieldName } from "./words.js";

const boot = JSON.parse(document.getElementById("boot").textContent);
const asked = new URLSearchParams(location.search);
const place = (id) => document.getElementById(id);

useSprite(boot.icons);
useTexts(boot.language, boot.texts);

const app = new App({
  language: boot.language,
  theme: boot.theme,
  settings: boot.settings,
  forced: boot.forced,
  languages: Object.keys(boot.languages),
  view: asked.get("view") === "live" ? "live" : "attract",
});
const camera = new Camera(
  h("video", {
    muted: true,
    playsinline: true,
    autoplay: true,
    "data-test": "video",
    "aria-label": t("Live picture of the camera"),
  }),
  boot.settings.facing,
);
const input = place("upload-input");

const search = async (blob, { box = null, width = 0, height = 0 } = {}) => {
  closeAll();
  if (blob.size > (app.state.shelf?.features.max_photo_bytes ?? MOST_BYTES)) return tooLarge(blob);
  await app.search({ blob, width, height }, box);
};

// Not sent at all: the service would only read it to refuse it.
function tooLarge(blob) {
  app.send({ type: "photo", photo: { blob, url: "" } });
  app.send({ type: "failed", turn: app.state.turn, error: { code: "photo_too_large", message: "" } });
}

// A finger that trembles on the button takes one photo.
let shooting = false;
const shoot = async (box) => {
  if (!camera.ready || shooting) return;
  shooting = true;
  const { blob, width, height } = await frames.full().finally(() => {
    shooting = false;
  });
  place("flash").classList.add("fired");
  setTimeout(() => place("flash").classList.remove("fired"), 400);
  await search(blob, { box, width, height });
};

const choose = () => input.click();
const open = (id) => app.open(id);
const back = () => app.send({ type: "back" });
const retake = () => app.send({ type: "live" });

async function correct(chosen) {
  const { found, category } = app.state;
  app.send({ type: "corrected", corrected: { chosen } });
  await api.correct({ shown: found.hits.map((hit) => hit.product_id), chosen, category }).catch(() => {});
}

const notIt = () => {
  back();
  toast(t("Then please touch the right one, or “None of these”."));
};

const pickIn = (title, test, body) => {
  const dialog = openDialog({
    kind: "sheet",
    title,
    test,
    body: body((change) => {
      dialog.close();
      app.ask(change);
    }),
  });
};
const facet = (name) =>
  pickIn(fieldName(name), "facet-dialog", (ask) =>
    facetValues(app.state, name, (value) => ask({ where: withValue(app.state.where, name, value) })),
  );
const facets = (names) => {
  const pick = (name) => {
    dialog.close();
    facet(name);
  };
  const dialog = openDialog({ kind: "sheet", title: t("More filters"), test: "facets-dialog", body: facetNames(names, pick) });
};
const categories = () =>
  pickIn(t("Category"), "category-dialog", (ask) => allCategories(app.state, (category) => ask({ category })));

function withValue(where, name, value) {
  const { [name]: _old, ...others } = where;
  return value === null ? others : { ...others, [name]: value };
}

const stage = new Stage(app, place("live"), camera, { shoot, choose, open });
const attract = new Attract(app, place("attract"));
const views = [
  attract,
  stage,
  new Results(app, place("results"), { retake, open, choose, facet, facets, categories, correct }),
  new Product(app, place("product"), { open, back, correct, notIt }),
  new Frame(app),
];
const frames = new Frames(camera.video, stage.glass);
// By this name the service follows what this page films; of nobody in particular, and gone with the page.
const ourFilm = [...crypto.getRandomValues(new Uint32Array(3))].map((number) => number.toString(36)).join("");

const loop = new LiveLoop({
  grab: () => (camera.ready && !document.hidden ? frames.small() : null),
  ask: async (blob, barcodes) => {
    if (app.state.service === "down") throw new ServiceError("down", "");
    return api.detect(blob, ourFilm, barcodes);
  },
  show: (answer) => {
    stage.show(answer);
    read(answer.barcodes ?? []);
    app.send({ type: "quality", quality: answer.quality ?? null });
  },
  barcodes: () => app.state.shelf?.features.barcodes,
});

function read(barcodes) {
  const known = barcodes.find(({ product_id: id }) => id);
  if (known && known.product_id !== app.state.barcode?.product_id) app.send({ type: "barcode", barcode: known });
}

function follow({ detail: { state, before } }) {
  // Results say what went wrong in their own place.
  if (state.error && state.error !== before.error && state.view !== "results") toast(faultWords(state.error));
  if (state.language !== before.language) return speak(state, before);
  draw(state, before);
}

function draw(state, before) {
  for (const view of views) view.update(state, before);
  dress(state);
  film(state);
  keepPlace(state, before);
}

function dress({ theme }) {
  set(document.documentElement, "data-theme", theme === "auto" ? null : theme);
}

function film({ view, settings }) {
  if (view === "live") camera.start();
  else if (view === "attract") camera.stop();
  if (view === "live" && settings.live) loop.start();
  else loop.stop();
}

// A new view begins at its heading, for those who hear the page or walk it by keys; the browser's back button
// steps back inside the page as long as there is anything to step back from.
function keepPlace(state, before) {
  if (state.view !== before.view || state.product !== before.product) {
    if (before.view)
      place(state.view === "searching" ? "results" : state.view)
        ?.querySelector("h1")
        ?.focus({ preventScroll: true });
  }
  if (canGoBack(state) && history.state?.kiosk !== "inside") history.pushState({ kiosk: "inside" }, "");
}

// Another language: its words are fetched (the service worker keeps them), then everything is drawn anew.
async function speak(state, before) {
  const name = state.language;
  try {
    const response = await fetch(boot.catalogues[name]);
    if (!response.ok) throw new ServiceError("refused", response.statusText, response.status);
    if (app.state.language !== name) return;
    useTexts(name, await response.json());
    document.documentElement.lang = boot.tags[name];
    for (const each of document.querySelectorAll("[data-text]")) each.textContent = t(each.dataset.text);
    for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", t(each.dataset.label));
    draw(app.state, before);
  } catch (error) {
    toast(faultWords({ code: error.code ?? "down" }));
  }
}

function chooseLanguage() {
  const pick = (name) => {
    dialog.close();
    app.send({ type: "language", language: name });
  };
  const dialog = openDialog({
    title: t("Language"),
    test: "language-dialog",
    body: h(
      "div",
      { class: "stack" },
      Object.entries(boot.languages).map(([name, words]) =>
        h(
          "button",
          {
            type: "button",
            class: "button large wide",
            lang: boot.tags[name],
            "data-test": "language-option",
            "data-language": name,
            "aria-pressed": String(name === app.state.language),
            on: { click: () => pick(name) },
          },
          words,
        ),
      ),
    ),
  });
}

function staff() {
  const { shelf } = app.state;
  const settings = () => openSettings(app, boot.languages);
  if (shelf?.pin && !shelf.staff)
    askPin(async () => {
      await app.poll();
      settings();
    });
  else settings();
}

function reset() {
  closeAll();
  if (app.state.shelf?.staff && app.state.shelf.pin)
    api
      .signout()
      .then(() => app.poll())
      .catch(() => {});
  app.send({ type: "reset" });
}

async function decorate() {
  const { products } = await api.shelf(20).catch(() => ({ products: [] }));
  attract.show(products);
}

async function watch() {
  if (!document.hidden) await app.poll();
  const { release } = app.state.shelf ?? {};
  if (outdated(app.state, boot.release) && !document.querySelector("dialog[open]") && firstTry(release)) location.reload();
  setTimeout(watch, app.state.service === "down" ? 2000 : 10000);
}

app.addEventListener("change", follow);
app.addEventListener("renewed", decorate);
takePhotos(document, input, (file) => search(file));
addEventListener("popstate", () => {
  if (canGoBack(app.state)) back();
});
addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && canGoBack(app.state) && !document.querySelector("dialog[open]")) back();
});
place("language").addEventListener("click", chooseLanguage);
place("settings-open").addEventListener("click", staff);
for (const each of document.querySelectorAll("#attract [data-language]")) {
  each.addEventListener("click", (event) => {
    event.stopPropagation();
    app.send({ type: "language", language: each.dataset.language });
  });
}
new Idle(app, reset);
keepAwake();
draw(app.state, { ...app.state, view: null });
decorate();
watch();
navigator.serviceWorker?.register("/sw.js").catch(() => {});
