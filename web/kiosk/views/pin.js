// The staff's PIN: a keypad for fingers, digits from a keyboard as well.
import { api } from "../api.js";
import { button, h, icon, set, swap } from "../dom.js";
import { t, tn } from "../texts.js";
import { openDialog } from "./dialogs.js";

const LONGEST = 12;

export function askPin(passed) {
  let pin = "";
  const dots = h("p", { class: "pin-dots", "aria-hidden": "true" });
  const said = h("p", { class: "error", role: "alert", "data-test": "pin-error" });
  const show = () => {
    dots.textContent = "•".repeat(pin.length) || " ";
    set(ok, "aria-disabled", String(!pin));
  };
  const type = (digit) => {
    pin = (pin + digit).slice(0, LONGEST);
    show();
  };
  const erase = () => {
    pin = pin.slice(0, -1);
    show();
  };
  const send = async () => {
    if (!pin) return;
    try {
      await api.pin(pin);
      dialog.close();
      passed();
    } catch (error) {
      pin = "";
      show();
      swap(said, refused(error));
    }
  };
  const digit = (each) =>
    h(
      "button",
      { type: "button", class: "button", "data-test": "pin-digit", "data-digit": each, on: { click: () => type(each) } },
      each,
    );
  const ok = button("", { glyph: "check", kind: "primary", "aria-label": t("Sign in"), "data-test": "pin-ok", on: send });
  const erasing = h(
    "button",
    { type: "button", class: "button", "aria-label": t("Delete the last digit"), "data-test": "pin-erase", on: { click: erase } },
    icon("delete", "turns"),
  );
  const dialog = openDialog({
    title: t("Staff PIN"),
    test: "pin",
    body: h(
      "div",
      { class: "pin" },
      dots,
      said,
      h("div", { class: "keypad" }, [..."123456789"].map(digit), erasing, digit("0"), ok),
    ),
  });
  dialog.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key)) type(event.key);
    else if (event.key === "Backspace") erase();
    else if (event.key === "Enter" && event.target.dataset.test !== "pin-digit") {
      event.preventDefault();
      send();
    }
  });
  show();
}

function refused({ code, wait, message }) {
  if (code === "pin_wait")
    return tn("Too many wrong PINs. Please wait {n} second.", "Too many wrong PINs. Please wait {n} seconds.", wait || 30);
  return code === "pin" ? t("That PIN is wrong.") : message;
}
