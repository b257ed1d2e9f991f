// Light or dark by one's own choice: a cookie, so that the server writes it into the page and nothing flashes.
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const button = document.querySelector("[data-theme-toggle]");

if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
    document.dispatchEvent(new Event("themechange"));
  });
}
dark.addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
