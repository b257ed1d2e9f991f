// How long to wait before the next frame: a few a second while the service keeps up, less while it is busy or slow,
// so that live boxes never starve a search. Pure.
const LEAST = 120;
const MOST = 2000;
const REST = 0.7; // Of the time that the last frame took.

export function pause({ took, outcome, before = LEAST }) {
  if (outcome === "busy") return Math.min(MOST, before * 2);
  if (outcome === "failed") return MOST;
  return Math.min(MOST, Math.max(LEAST, took * REST));
}

// Barcodes are asked about with every so manieth frame: they need more of the processor than boxes.
export const withBarcodes = (count) => count % 3 === 0;

// Asks again while the service is busy with another photo: a shopper's touch is answered, not piled up.
export async function patiently(ask, { tries = 5, wait = 500 } = {}) {
  for (let left = tries - 1; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (error.code !== "busy" || left <= 0) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

// For how many of the idle seconds the page warns.
export const warning = (idleSeconds) => Math.min(15, idleSeconds / 3);

// What is left of an idle visit: "busy", or how many seconds until the page starts over.
export function idleLeft(now, lastTouch, idleSeconds) {
  if (!idleSeconds) return null;
  const left = lastTouch / 1000 + idleSeconds - now / 1000;
  return left <= warning(idleSeconds) ? Math.max(0, Math.ceil(left)) : null;
}
