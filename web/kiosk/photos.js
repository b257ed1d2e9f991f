// Photos that are brought: chosen, dropped or pasted. Any file goes to the service as it is (HEIC too); it decodes.
export const MOST_BYTES = 100e6; // Until the service has said its own limit.

export function takePhotos(target, input, took) {
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // So that the same file can be chosen again.
    if (file) took(file);
  });
  document.addEventListener("paste", (event) => {
    const file = fileOf(event.clipboardData);
    if (file) {
      event.preventDefault();
      took(file);
    }
  });
  takeDrops(target, took);
}

function takeDrops(target, took) {
  const over = (on) => document.body.toggleAttribute("data-dropping", on);
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  target.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) over(false);
  });
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const file = fileOf(event.dataTransfer);
    if (file) took(file);
  });
}

const fileOf = (data) => [...(data?.files ?? [])][0] ?? null;
