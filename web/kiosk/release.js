// A page that was left open while the kiosk's package was renewed: it loads itself anew, between two shoppers. Till
// then its scripts ask a newer service, and words and icons of its own release are not to be had any more.
const KEY = "pocketshelf-release";

// Whether the service serves another page than this one, and nobody is before it.
export const outdated = ({ view, shelf }, release) => view === "attract" && Boolean(shelf?.release) && shelf.release !== release;

// Whether to load it anew for `release`: once for each, so that a page that stays old, whyever, does not flicker.
export function firstTry(release, kept = globalThis.sessionStorage) {
  try {
    if (kept.getItem(KEY) === release) return false;
    kept.setItem(KEY, release);
    return true;
  } catch {
    return false;
  }
}
