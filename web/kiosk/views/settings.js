// The staff's settings, and what they want to know of this kiosk.
import { api } from "../api.js";
import { button, h, icon, swap } from "../dom.js";
import { ago, number, t } from "../texts.js";
import { faultWords, freshness } from "../words.js";
import { openDialog, toast } from "./dialogs.js";
import { invitation } from "./invitation.js";

export function openSettings(app, languages) {
  const { shelf, settings } = app.state;
  const form = h(
    "form",
    {
      class: "stack",
      on: {
        submit: (event) => {
          event.preventDefault();
          save(app, form, dialog);
        },
      },
    },
    fields(settings, languages),
  );
  const tally = h("div");
  const about = h("div");
  const phones = h("div", { class: "row", "data-test": "phones" });
  const dialog = openDialog({
    kind: "sheet",
    title: t("Settings"),
    test: "settings",
    onClose: () => app.removeEventListener("change", renew),
    body: h(
      "div",
      { class: "settings stack loose" },
      form,
      section(t("The shelf"), about),
      settings.corrections && section(t("Corrections"), tally),
      shelf?.features.phones && section(t("On a phone"), phones),
    ),
    footer: [
      shelf?.pin &&
        shelf.staff &&
        button(t("Lock"), {
          glyph: "lock",
          "data-test": "signout",
          on: async () => {
            await api.signout().catch(() => {});
            dialog.close();
            app.poll();
          },
        }),
      button(t("Save"), { kind: "primary", glyph: "check", "data-test": "settings-save", on: () => form.requestSubmit() }),
    ],
  });
  const renew = () => swap(about, facts(app));
  app.addEventListener("change", renew);
  renew();
  if (settings.corrections) fillTally(tally);
  if (shelf?.features.phones) fillPhones(phones);
}

const section = (title, ...children) => h("section", { class: "stack tight" }, h("h3", {}, title), children);

function fields(settings, languages) {
  return [
    choice("language", t("Language"), settings.language, [["auto", t("As the browser says")], ...Object.entries(languages)]),
    choice("facing", t("Camera"), settings.facing, [
      ["environment", t("On the back")],
      ["user", t("Facing the shopper")],
    ]),
    choice("theme", t("Colours"), settings.theme, [
      ["auto", t("As the system says")],
      ["light", t("Light")],
      ["dark", t("Dark")],
    ]),
    h(
      "label",
      { class: "field" },
      h("span", {}, t("Seconds without a touch until the page starts over")),
      h("input", {
        class: "input",
        type: "number",
        name: "idle_s",
        min: 0,
        max: 3600,
        step: 1,
        inputmode: "numeric",
        value: settings.idle_s,
        required: true,
        "data-test": "setting-idle",
      }),
      h("small", { class: "hint" }, t("0: never")),
    ),
    flag("live", t("Frames on the live picture"), settings.live),
    flag("corrections", t("Count corrections (no photo is kept)"), settings.corrections),
  ];
}

const choice = (name, words, value, options) =>
  h(
    "label",
    { class: "field" },
    h("span", {}, words),
    h(
      "select",
      { class: "input", name, "data-test": `setting-${name}` },
      options.map(([key, label]) => h("option", { value: key, selected: key === value }, label)),
    ),
  );

const flag = (name, words, on) =>
  h(
    "label",
    { class: "switch" },
    h("input", { type: "checkbox", role: "switch", name, checked: Boolean(on), "data-test": `setting-${name}` }),
    h("span", {}, words),
  );

async function save(app, form, dialog) {
  const data = new FormData(form);
  const settings = {
    language: data.get("language"),
    facing: data.get("facing"),
    theme: data.get("theme"),
    idle_s: Number(data.get("idle_s")),
    live: data.has("live"),
    corrections: data.has("corrections"),
  };
  try {
    app.send({ type: "shelf", shelf: await api.settings(settings) });
    dialog.close();
    toast(t("Saved."));
  } catch (error) {
    toast(faultWords(error));
  }
}

function facts(app) {
  const { shelf } = app.state;
  if (!shelf) return h("p", {}, faultWords({ code: "down" }));
  const { store, sync } = shelf;
  return [
    h(
      "dl",
      { class: "pairs" },
      pair(t("Now"), freshness(store)),
      pair(t("Sequence"), store.sequence === null ? "–" : number(store.sequence)),
      pair(t("Models"), store.bundle ?? "–"),
      pair(t("Updates"), syncWords(sync)),
      sync.last_success && pair(t("Last update"), ago((Date.now() - Date.parse(sync.last_success)) / 1000)),
    ),
    sync.server &&
      button(t("Update now"), {
        glyph: "refresh-cw",
        "data-test": "sync-now",
        "aria-busy": String(sync.state === "running"),
        on: () => syncNow(app),
      }),
  ];
}

const pair = (name, value) => [h("dt", {}, name), h("dd", {}, value)];

// Where phones reach this kiosk, and what their browser's warning should name.
async function fillPhones(place) {
  try {
    const { address, fingerprint } = await api.connect();
    swap(
      place,
      invitation(),
      h("dl", { class: "pairs" }, pair(t("Address"), address), pair(t("Certificate"), h("code", {}, fingerprint))),
    );
  } catch (error) {
    swap(place, h("p", { class: "note" }, icon("info"), faultWords(error)));
  }
}

const syncWords = ({ state, message }) =>
  ({ off: t("No server"), idle: t("Up to date"), running: t("Under way …"), failed: message ?? t("Failed") })[state] ?? state;

async function syncNow(app) {
  try {
    await api.sync();
    toast(t("The update has started."));
    await app.poll();
  } catch (error) {
    toast(faultWords(error));
  }
}

// How often the first hit was right, another was meant, or none; and which first hits were most often wrong.
async function fillTally(place) {
  try {
    const { tally } = await api.tally();
    const count = (fits) => number(tally.filter(fits).reduce((sum, kind) => sum + kind.count, 0));
    const wrong = tally.filter(({ place: at }) => at !== 1).slice(0, 5);
    swap(
      place,
      h(
        "dl",
        { class: "pairs", "data-test": "tally" },
        pair(
          t("The first was right"),
          count(({ place: at }) => at === 1),
        ),
        pair(
          t("Another one was meant"),
          count(({ place: at }) => at > 1),
        ),
        pair(
          t("None of these"),
          count(({ chosen }) => chosen === null),
        ),
        wrong.map((kind) => pair(`${kind.first} → ${kind.chosen ?? t("None of these")}`, number(kind.count))),
      ),
    );
  } catch (error) {
    swap(place, h("p", { class: "note" }, icon("info"), faultWords(error)));
  }
}
