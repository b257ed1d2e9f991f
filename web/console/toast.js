// A line that is said and goes again.
const SECONDS = 8;

export function toast(words) {
  const place = document.getElementById("toasts");
  if (!place || [...place.children].some((said) => said.textContent === words)) return;
  const line = document.createElement("p");
  line.className = "toast";
  line.textContent = words;
  place.append(line);
  setTimeout(() => line.remove(), SECONDS * 1000);
}
