"use strict";
/* The state is a list of clusters: rules below change a copy of it, so that undo puts the former one back. */
const data = JSON.parse(document.getElementById("data").textContent);
const place = new Map(data.pictures.map((picture, index) => [picture.name, index]));
let clusters = data.clusters, at = 0, cursor = 0, selected = new Set(), history = [];
const $ = (id) => document.getElementById(id);

/* rules: clusters in, clusters out */
function decided(all, index, state) {
  return all.map((each, i) => (i === index ? { ...each, state } : each));
}
function split(all, index, chosen) {
  const from = all[index], rest = from.members.filter((m) => !chosen.has(m)), off = from.members.filter((m) => chosen.has(m));
  if (!rest.length || !off.length) return null;
  const made = { ...from, members: off, state: "open", note: "split off" };
  return [...all.slice(0, index), { ...from, members: rest, state: "open" }, made, ...all.slice(index + 1)];
}
function merged(all, index, other) {
  const into = all[index], from = all[other];
  const made = { ...into, members: [...into.members, ...from.members], state: "open", origin: [...into.origin, ...from.origin] };
  return all.map((each, i) => (i === index ? made : each)).filter((_, i) => i !== other);
}
function neighbours(all, index) {
  const own = all[index], wanted = own.origin.flatMap((o) => data.near[o] || []);
  const found = wanted.map((o) => all.findIndex((c) => c !== own && c.origin.includes(o))).filter((i) => i >= 0);
  return [...new Set(found)].slice(0, 3);
}

function change(next, then) {
  if (!next) return say("select some of its pictures, not all");
  history.push({ clusters, at });
  clusters = next;
  selected = new Set();
  at = Math.max(0, Math.min(then, clusters.length - 1));
  cursor = 0;
  keep();
  show();
}
function decide(state) {
  const next = decided(clusters, at, state), open = next.findIndex((c, i) => i > at && c.state === "open");
  change(next, open < 0 ? at : open);
}
function go(to) {
  at = Math.max(0, Math.min(to, clusters.length - 1));
  cursor = 0;
  selected = new Set();
  show();
}
function nextOpen() {
  const later = clusters.findIndex((c, i) => i > at && c.state === "open");
  const any = later < 0 ? clusters.findIndex((c) => c.state === "open") : later;
  any < 0 ? say("none is open: save with w") : go(any);
}
function undo() {
  const last = history.pop();
  if (!last) return say("nothing to undo");
  clusters = last.clusters;
  keep();
  go(last.at);
}
function toggle(member) {
  selected.has(member) ? selected.delete(member) : selected.add(member);
  show();
}
function merge(number) {
  const other = neighbours(clusters, at)[number];
  if (other !== undefined) change(merged(clusters, at, other), other < at ? at - 1 : at);
}

/* resume: this browser's storage, or a file */
function document_() {
  const written = clusters.map((c) => ({ ...c, members: c.members.map((m) => data.pictures[m].name) }));
  return { format: data.format, version: 1, review: data.review, clusters: written };
}
function restored(document) {
  if (document.format !== data.format || document.version !== 1 || document.review !== data.review) return null;
  const read = document.clusters.map((c) => ({ ...c, members: c.members.map((name) => place.get(name)) }));
  return read.every((c) => c.members.length && c.members.every((m) => m !== undefined)) ? read : null;
}
function keep() {
  try {
    localStorage.setItem("review-" + data.review, JSON.stringify(document_()));
  } catch {
    $("saved").textContent = "not kept by this browser: save often";
    $("saved").className = "badge synthetic";
  }
}
function resume() {
  try {
    const found = restored(JSON.parse(localStorage.getItem("review-" + data.review) || "{}"));
    if (found) clusters = found;
  } catch { keep(); }
  at = Math.max(0, clusters.findIndex((c) => c.state === "open"));
}
function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(document_(), null, 1)], { type: "application/json" }));
  link.download = data.decisions;
  link.click();
  say("saved as " + data.decisions);
}
async function load(event) {
  const file = event.target.files[0];
  if (!file) return;
  let found = null;
  try { found = restored(JSON.parse(await file.text())); } catch { /* said below */ }
  found ? change(found, 0) : say(file.name + " belongs to another review");
  event.target.value = "";
}

/* what is seen */
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function picture(member) {
  return element("img", "", { src: data.pictures[member].url, alt: data.pictures[member].name, title: data.pictures[member].name });
}
function say(text) { $("message").textContent = text; }
function count(state) { return clusters.filter((c) => c.state === state).length; }
function shot(member, index) {
  const classes = index === cursor ? "shot at" : "shot";
  const made = element("button", "", { class: classes, "aria-pressed": selected.has(member), tabindex: -1 });
  made.append(picture(member));
  made.addEventListener("click", () => { cursor = index; toggle(member); });
  return made;
}
function strip(other, number) {
  const row = element("div", "", { class: "strip" }), button = element("button", "", { class: "button" });
  button.append(element("kbd", number + 1), ` merge ${clusters[other].members.length}`);
  button.addEventListener("click", () => merge(number));
  row.append(button, ...clusters[other].members.slice(0, 8).map(picture), element("small", clusters[other].state));
  return row;
}
function show() {
  const now = clusters[at], verdict = { open: "", accepted: "good", rejected: "bad" };
  say("");
  $("counts").replaceChildren(...["open", "accepted", "rejected"].map((s) => element("span", `${count(s)} ${s}`, { class: "verdict " + verdict[s] })));
  $("name").textContent = now ? `${now.category}: ${at + 1} of ${clusters.length}` : "Nothing was mined";
  if (!now) return;
  $("name").append(" ", element("span", now.state, { class: "verdict " + verdict[now.state] }));
  $("note").textContent = `${now.members.length} picture${now.members.length > 1 ? "s" : ""}${now.note ? ", " + now.note : ""}`;
  $("shots").replaceChildren(...now.members.map(shot));
  const near = neighbours(clusters, at);
  $("near").replaceChildren(...(near.length ? near.map(strip) : [element("p", "None.", { class: "note" })]));
}

const keys = {
  a: () => decide("accepted"), r: () => decide("rejected"), u: undo, n: nextOpen, w: save,
  s: () => change(split(clusters, at, selected), at),
  ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1),
  ArrowRight: () => { cursor = Math.min(cursor + 1, clusters[at].members.length - 1); show(); },
  ArrowLeft: () => { cursor = Math.max(cursor - 1, 0); show(); },
  " ": () => toggle(clusters[at].members[cursor]),
  Escape: () => { selected = new Set(); show(); },
  1: () => merge(0), 2: () => merge(1), 3: () => merge(2),
};
function press(key) { if (clusters.length && keys[key]) keys[key](); }
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  press(event.key);
});
for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => { press(button.dataset.key); button.blur(); });
$("load").addEventListener("change", load);
resume();
show();
