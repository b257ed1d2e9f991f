// Elements without markup in strings: nothing that a catalogue says can become an element.
let sprite = "";

export const useSprite = (url) => {
  sprite = url;
};

// h("button", {class: "chip", "aria-pressed": true, on: {click}, vars: {x: "10%"}}, child, …): attributes, listeners
// and CSS variables; false, null and undefined leave an attribute or a child out.
export function h(tag, { on = {}, vars = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  setVars(element, vars);
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

export function set(element, name, value) {
  if (name === "muted" || name === "value" || name === "checked") element[name] = value;
  else if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
}

export function setVars(element, vars) {
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(`--${name}`, value);
}

export function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// New children in the place of old ones; what had the focus, was scrolled or unfolded keeps it, by its data-key.
export function swap(container, ...children) {
  const key = container.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const scrolled = [...container.querySelectorAll("[data-scroll]")].map((old) => [
    old.dataset.scroll,
    old.scrollLeft,
    old.scrollTop,
  ]);
  const unfolded = [...container.querySelectorAll("details[open][data-key]")].map((old) => old.dataset.key);
  container.replaceChildren(...children.flat(Infinity).filter(Boolean));
  for (const [name, left, top] of scrolled) container.querySelector(`[data-scroll="${name}"]`)?.scrollTo(left, top);
  for (const name of unfolded) container.querySelector(`details[data-key="${name}"]`)?.setAttribute("open", "");
  if (key) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

export const button = (words, { glyph, kind = "", on, ...attributes } = {}) =>
  h(
    "button",
    { type: "button", class: `button ${kind}`.trim(), on: { click: on }, ...attributes },
    glyph && icon(glyph),
    words && h("span", {}, words),
  );

export const iconButton = (label, glyph, { kind = "quiet", turns = false, on, ...attributes } = {}) =>
  h(
    "button",
    { type: "button", class: `button icon-only ${kind}`, "aria-label": label, title: label, on: { click: on }, ...attributes },
    icon(glyph, turns ? "turns" : ""),
  );
