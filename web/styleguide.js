// The styleguide's own: theme and direction from the address, dialogs by their buttons.
const asked = new URLSearchParams(location.search);
document.documentElement.dir = asked.get("dir") ?? "ltr";
if (asked.has("theme")) document.documentElement.dataset.theme = asked.get("theme");
document.getElementById("keypad").append(...["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"].map((digit) => {
  const button = document.createElement("button");
  button.className = "button";
  button.textContent = digit;
  return button;
}));
document.addEventListener("click", ({ target }) => {
  const opens = target.closest("[data-open]"), closes = target.closest("[data-close]");
  if (opens) document.getElementById(opens.dataset.open).showModal();
  if (closes) closes.closest("dialog").close();
});
if (asked.has("open")) document.getElementById(asked.get("open")).showModal();
