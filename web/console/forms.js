// Forms: a chosen photo goes at once, nothing is sent twice, a picture that is none gives way to a drawing.
for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;

document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-submits]") && target.files.length) {
    target.closest("label").setAttribute("aria-busy", "true");
    target.form.requestSubmit();
  }
});

document.addEventListener("submit", ({ target }) => {
  if (!target.matches("[data-once]")) return;
  const button = target.querySelector("button");
  button.setAttribute("aria-busy", "true");
  setTimeout(() => { button.disabled = true; });
});

// The entry of the navigation that one is at, where that is a row which scrolls.
document.querySelector(".rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// One that comes back by the back button may be sent again.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

// When a job has ended, the next may begin.
document.addEventListener("htmx:afterSettle", () => {
  const job = document.getElementById("job");
  if (job && !job.hasAttribute("hx-get")) {
    for (const button of document.querySelectorAll("[data-once] button[disabled]")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }
});

// Errors of pictures do not bubble, but can be caught on their way down.
const giveWay = (image) => image.closest(".picture").classList.add("missing", "failed");
document.addEventListener("error", ({ target }) => {
  if (target.matches?.("img[data-fallback]")) giveWay(target);
}, true);
const whatFailed = () => {
  for (const image of document.querySelectorAll("img[data-fallback]")) if (image.complete && !image.naturalWidth) giveWay(image);
};
whatFailed();
addEventListener("load", whatFailed);
