// Native dialogs: the browser keeps the focus inside, gives it back, and closes on Escape.
import { h, iconButton } from "../dom.js";
import { t } from "../texts.js";

// kind: "dialog" (in the middle) or "sheet" (from below, or from the side); returns the open dialog.
export function openDialog({ kind = "dialog", title, body, footer = [], test, closable = true, label, onClose = () => {} }) {
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: kind, "data-test": test, "aria-label": label ?? title },
    h("header", {}, h("h2", {}, title), closable && iconButton(t("Close"), "x", { "data-test": `${test}-close`, on: close })),
    body,
    footer.length > 0 && h("footer", {}, footer),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose();
  });
  dialog.addEventListener("click", (event) => {
    if (closable && event.target === dialog && outside(dialog, event)) close();
  });
  if (!closable) dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function outside(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

export function closeAll() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

export function toast(words) {
  const element = h("div", { class: "toast" }, words);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.remove(), 5000);
}
