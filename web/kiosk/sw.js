// The page without its server. ASSETS (paths below /assets/) and VERSION are the build's.
const CACHE = `kiosk-${VERSION}`;
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(ASSETS.map((path) => `/assets/${path}`))));
});
