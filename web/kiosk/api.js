// The kiosk's service on this very machine: the only place that the page speaks with.
export class ServiceError extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

// The longest that each may take, in milliseconds; a service that hangs is a service that is down.
const PATIENCE = { state: 6000, detect: 8000, search: 90000, other: 20000 };

async function call(path, { patience = PATIENCE.other, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
      ...options,
    });
  } catch (error) {
    throw new ServiceError("down", String(error?.message ?? error));
  }
  if (response.ok) return response.status === 204 || response.status === 202 ? read(response, null) : read(response);
  throw await refusal(response);
}

async function read(response, otherwise) {
  try {
    return await response.json();
  } catch (error) {
    if (otherwise !== undefined) return otherwise;
    throw new ServiceError("down", String(error?.message ?? error));
  }
}

async function refusal(response) {
  const { error } = await read(response, { error: null });
  const refused = new ServiceError(
    error?.code ?? (response.status === 413 ? "photo_too_large" : "refused"),
    error?.message ?? response.statusText,
    response.status,
  );
  refused.wait = Number(response.headers.get("Retry-After")) || 0;
  return refused;
}

const post = (path, body, patience) =>
  call(path, { method: "POST", body, patience, headers: { "Content-Type": "application/octet-stream" } });
const tell = (path, value) =>
  call(path, { method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });

export const api = {
  state: () => call("/api/state", { patience: PATIENCE.state }),
  detect: (frame, film, barcodes) =>
    post(`/api/detect?film=${film}${barcodes ? "&barcodes=1" : ""}`, frame, PATIENCE.detect),
  search: (photo) => post("/api/search?category=auto&top_k=24", photo, PATIENCE.search),
  again: (region, category, where) =>
    tell("/api/again", {
      vector: region.vector,
      palette: region.palette,
      group: region.group,
      score: region.score,
      categories: region.categories,
      attributes: region.attributes,
      category,
      where,
    }),
  product: (id) => call(productAddress(id)),
  shelf: (count) => call(`/api/shelf?count=${count}`),
  correct: (correction) => tell("/api/corrections", correction),
  tally: () => call("/api/corrections"),
  pin: (pin) => tell("/api/pin", { pin }),
  signout: () => tell("/api/signout", {}),
  settings: (settings) => tell("/api/settings", { settings }),
  sync: () => tell("/api/sync", {}),
  connect: () => call("/api/connect"),
};

// A product's id may be anything: slashes are escaped, and a path cannot end in "." or "..", however they are written.
export const productAddress = (id) =>
  /^\.{1,2}$/.test(id) ? `/api/products?id=${id}` : `/api/products/${encodeURIComponent(id)}`;

// A picture's smaller or larger version; other addresses stay as they are.
export function sized(url, side) {
  return /^\/(picture|look|served)\//.test(url ?? "") ? `${url}${url.includes("?") ? "&" : "?"}side=${side}` : url;
}
