// Keeps the page's shell, so that a reload while the kiosk's service is stopped still shows the page, which says so
// and tries again. Answers of the service are never kept: an old answer would look like a fresh one.
/* global ASSETS, VERSION */ // The build's: what this release's page needs below /assets/, and its name.
const SHELL = `pocketshelf-${VERSION}`;
const PAGES = ["/", "/privacy", "/manifest.webmanifest"];

self.addEventListener("install", (event) => event.waitUntil(fill().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/assets/") || url.pathname.startsWith("/texts/")) event.respondWith(kept(event.request));
  else if (event.request.mode === "navigate" || PAGES.includes(url.pathname)) event.respondWith(newest(event, url));
});

async function fill() {
  const cache = await caches.open(SHELL);
  await cache.addAll([...PAGES, ...ASSETS.map((path) => `/assets/${path}`)]);
  await cache.addAll(await catalogues(await cache.match("/")));
}

// The languages that the page names; their addresses change with their words.
async function catalogues(page) {
  return [...new Set((await page.clone().text()).match(/\/texts\/[\w./-]+/g) ?? [])];
}

const kept = async (request) => (await caches.match(request)) ?? fetch(request);

async function newest(event, url) {
  try {
    const answer = await fetch(event.request);
    if (answer.ok && !answer.redirected && PAGES.includes(url.pathname) && !url.search)
      event.waitUntil(renew(url.pathname, answer.clone()));
    return answer;
  } catch (error) {
    const page = await caches.match(PAGES.includes(url.pathname) ? url.pathname : "/");
    if (page) return page;
    throw error;
  }
}

async function renew(path, answer) {
  const cache = await caches.open(SHELL);
  if (path === "/") await cache.addAll(await missing(cache, await catalogues(answer)));
  await cache.put(path, answer);
}

async function missing(cache, paths) {
  const found = await Promise.all(paths.map((path) => cache.match(path)));
  return paths.filter((_path, at) => !found[at]);
}

// The shells of earlier releases go.
async function tidy() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("pocketshelf-") && name !== SHELL).map((name) => caches.delete(name)));
}
