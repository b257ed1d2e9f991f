// Builds every asset of ../sdk/pocketshelf/page/assets: the same sources give the same bytes.
//   node build.mjs [FOLDER]     writes into FOLDER instead
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import subset from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../sdk/pocketshelf/page/assets"));
const packages = join(here, "node_modules");
const outputs = new Map();

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const version = (name) => sha256(outputs.get(name)).slice(0, 12); // As asset_files.py names it in an address.
const read = (...path) => readFileSync(join(...path));

// The browsers that a kiosk, a till or a phone in the shop still has.
const target = ["chrome109", "firefox115", "safari15.4"];
const common = { absWorkingDir: here, bundle: true, minify: true, write: false, target, legalComments: "none", charset: "utf8", logLevel: "warning" };

/* "@dark { … }" of the tokens, written once, holds for a dark system and where the page asks for it. */
function spreadDark(css) {
  return css.replace(/@dark \{([^}]*)\}/g, (_, body) =>
    `@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${body}} }\n:root[data-theme="dark"] {${body}}`);
}
const styles = {
  name: "styles",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\.css$/ }, ({ path }) => ({ contents: spreadDark(readFileSync(path, "utf8")), loader: "css" }));
    // Relative to /assets/<hash>/x.css, so that a site may live below a path.
    onResolve({ filter: /\.woff2$/ }, ({ path }) => ({ path: `../${version(`fonts/${path}`)}/fonts/${path}`, external: true }));
  },
};

async function bundle(name, entry, options = {}) {
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [join(here, entry)], outfile: join(out, name) });
  outputs.set(name, Buffer.from(outputFiles[0].contents));
}

// Of extended Latin what Europe's languages write, and currencies: a third of the bytes. fonts.css says the same.
const LETTERS = [[0x100, 0x17f], [0x218, 0x21b], [0x1e80, 0x1e85], [0x1e9e, 0x1e9e], [0x20a0, 0x20c0], [0x2113, 0x2113]];
const extended = LETTERS.map(([first, last]) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, i) => first + i))).join("");

async function fonts() {
  for (const weight of [400, 600]) {
    const file = (part) => read(packages, `@fontsource/inter/files/inter-${part}-${weight}-normal.woff2`);
    outputs.set(`fonts/inter-latin-${weight}.woff2`, file("latin"));
    outputs.set(`fonts/inter-latin-ext-${weight}.woff2`, await subset(file("latin-ext"), extended, { targetFormat: "woff2" }));
  }
}

/* One sprite: <svg class="icon" aria-hidden="true"><use href="…/icons.svg#camera"/></svg>. Strokes come from .icon. */
function icons() {
  const names = read(here, "icons.txt").toString().trim().split("\n");
  const own = { pocketshelf: read(here, "brand/pocketshelf.svg") };
  const symbols = [...Object.keys(own), ...names].map((name) => {
    const svg = (own[name] ?? read(packages, `lucide-static/icons/${name}.svg`)).toString();
    const body = svg.replace(/<!--.*?-->/gs, "").replace(/<\/?svg[^>]*>/gs, "").replace(/\s+/g, " ").replace(/ ?\/> ?/g, "/>").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  outputs.set("icons.svg", Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`));
}

function brand() {
  for (const name of ["icon.svg", "icon-192.png", "icon-512.png"]) outputs.set(name, read(here, "brand", name));
}

function licences() {
  const vendored = ["htmx.org", "uplot", "@fontsource/inter", "lucide-static"];
  const texts = vendored.map((name) => {
    const { version: number, license } = JSON.parse(read(packages, name, "package.json"));
    return `${"=".repeat(78)}\n${name} ${number} (${license})\n${"=".repeat(78)}\n\n${read(packages, name, "LICENSE").toString().trim()}\n`;
  });
  outputs.set("LICENSES.txt", Buffer.from(`What these assets contain of others, each under its licence.\n\n${texts.join("\n\n")}`));
}

function sources(folder = here) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : [relative(here, path).replaceAll("\\", "/")];
  });
}

function hashes(names, bytes) {
  return Object.fromEntries([...names].sort().map((name) => [name, sha256(bytes(name))]));
}

await fonts();
icons();
brand();
licences();
await bundle("page.css", "pages.css", { plugins: [styles] });
for (const room of ["kiosk", "console"]) {
  await bundle(`${room}.css`, `${room}/${room}.css`, { plugins: [styles] });
  await bundle(`${room}.js`, `${room}/main.js`, { format: "iife" });
}
// What the kiosk's page needs without its server: paths below /assets/.
const kept = ["kiosk.css", "kiosk.js", "icons.svg", ...[...outputs.keys()].filter((name) => name.startsWith("fonts/"))];
const addresses = kept.map((name) => `${version(name)}/${name}`);
await bundle("sw.js", "kiosk/sw.js", { format: "iife", define: { ASSETS: JSON.stringify(addresses), VERSION: JSON.stringify(sha256(addresses.join()).slice(0, 12)) } });

outputs.set("built.json", Buffer.from(JSON.stringify({
  sources: hashes(sources(), (name) => read(here, name)),
  outputs: hashes(outputs.keys(), (name) => outputs.get(name)),
}, null, 1) + "\n"));
if (!process.argv[2]) rmSync(out, { recursive: true, force: true });
for (const [name, bytes] of outputs) {
  mkdirSync(dirname(join(out, name)), { recursive: true });
  writeFileSync(join(out, name), bytes);
}
const heavy = ["kiosk.js", "kiosk.css", "console.js", "console.css"].map((name) => outputs.get(name).length);
console.error(`${outputs.size} files; script and style of kiosk and console ${(heavy.reduce((a, b) => a + b) / 1000).toFixed(1)} kB`);
