// What surrounds every view: how fresh the shelf is, whether it is offline, what is wrong, and what is read aloud.
import { h, icon, swap } from "../dom.js";
import { hasNothing, isNothing } from "../state.js";
import { t, tn } from "../texts.js";
import { faultWords, freshness, warningWords } from "../words.js";

export class Frame {
  constructor(app) {
    this.app = app;
    this.notices = document.getElementById("notices");
    this.fresh = document.getElementById("freshness");
    this.badge = document.getElementById("offline");
    this.announcer = document.getElementById("announcer");
  }

  update(state, before) {
    Object.assign(document.body.dataset, { view: state.view, camera: state.camera, service: state.service });
    if (state.shelf !== before?.shelf || state.service !== before?.service || state.language !== before?.language)
      this.#draw(state);
    const said = spoken(state, before);
    if (said) this.announcer.textContent = said;
  }

  #draw({ shelf, service }) {
    swap(this.fresh, shelf && freshness(shelf.store));
    const offline = shelf?.sync.server && shelf.sync.state === "failed";
    this.badge.hidden = !offline;
    swap(this.badge, icon("wifi-off"), h("span", {}, t("Offline. Searching works.")));
    const warnings = (shelf?.warnings ?? []).filter(({ code }) => !(code === "sync_failed" && offline));
    swap(this.notices, service === "down" && down(), service === "up" && warnings.map(warning));
  }
}

const down = () =>
  h(
    "p",
    { class: "banner bad", role: "alert", "data-test": "service-down" },
    h("span", { class: "spinner", "aria-hidden": "true" }),
    faultWords({ code: "down" }),
  );

const warning = (each) =>
  h(
    "p",
    { class: "banner fair", role: "status", "data-test": "banner", "data-code": each.code },
    icon("triangle-alert"),
    warningWords(each),
  );

// What a screen reader says of a change; null where there is nothing new.
function spoken(state, before) {
  if (!before) return null;
  if (state.view === "searching" && before.view !== "searching") return t("Looking on the shelf …");
  if (state.view === "results" && state.found && state.found !== before.found) {
    if (hasNothing(state)) return t("Nothing like this here");
    if (isNothing(state.found)) return t("Similar things on our shelf");
    return state.found.confident
      ? tn("{n} product found", "{n} products found", state.found.hits.length)
      : t("It may be one of these");
  }
  if (state.error && state.error !== before.error) return faultWords(state.error);
  if (state.view === "product" && state.product !== before.product) return state.product.title;
  if (state.barcode && state.barcode !== before.barcode) return t("Barcode read. Show the product");
  return null;
}
