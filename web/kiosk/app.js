// The shell around state.js: events go in, views are drawn, and what a change asks for is done.
import { api, ServiceError } from "./api.js";
import { patiently } from "./pace.js";
import { initial, pageOf, region, step } from "./state.js";

export class App extends EventTarget {
  constructor(options) {
    super();
    this.state = initial(options);
  }

  send(event) {
    const before = this.state;
    this.state = step(before, event);
    if (this.state === before) return;
    letGo(before, this.state);
    this.dispatchEvent(new CustomEvent("change", { detail: { before, state: this.state } }));
  }

  // photo: {blob, url, live} · box: what a finger touched on the live picture, in shares of it
  async search(photo, box = null) {
    const url = URL.createObjectURL(photo.blob);
    this.send({ type: "photo", photo: { ...photo, url } });
    await this.#answer(async () => {
      const answer = await patiently(() => api.search(photo.blob));
      return { type: "answered", answer, box: box && inPixels(box, answer) };
    });
  }

  async ask(change) {
    this.send({ type: "ask", ...change });
    const { category, where } = this.state;
    await this.#answer(async () => ({
      type: "found",
      found: await patiently(() => api.again(region(this.state), category, where)),
    }));
  }

  async open(id) {
    this.send({ type: "opening" });
    await this.#answer(async () => ({ type: "product", product: await this.#product(id) }));
  }

  // The shelf's page of it; of what only the server has, what its answer said.
  async #product(id) {
    try {
      return await patiently(() => api.product(id));
    } catch (error) {
      const told = error.code === "not_found" && pageOf(this.state, id);
      if (told) return told;
      throw error;
    }
  }

  async poll() {
    try {
      const shelf = await api.state();
      const renewed = this.state.shelf && shelf.revision !== this.state.shelf.revision;
      this.send({ type: "shelf", shelf });
      if (renewed) await this.#renew();
    } catch (error) {
      if (error.code === "down") this.send({ type: "down" });
    }
  }

  // The shelf has changed under an open page: what is shown is asked again, silently.
  async #renew() {
    this.dispatchEvent(new Event("renewed"));
    const { view, product } = this.state;
    if (view === "product")
      await api
        .product(product.product_id)
        .then((fresh) => this.send({ type: "renewed", product: fresh }))
        .catch(() => {});
    if (view === "results" && region(this.state)?.vector) await this.ask({});
  }

  async #answer(asked) {
    const { turn } = this.state;
    try {
      this.send({ ...(await asked()), turn });
    } catch (error) {
      if (error.code === "down") this.send({ type: "down" });
      this.send({ type: "failed", turn, error: plain(error) });
      if (!(error instanceof ServiceError)) console.error(error);
    }
  }
}

const inPixels = ({ x, y, w, h }, { width, height }) => [x * width, y * height, w * width, h * height];

const plain = (error) => ({ code: error.code ?? "page", message: String(error.message ?? error) });

// A photo that nobody looks at any more leaves the browser's memory.
function letGo(before, after) {
  if (before.photo && before.photo !== after.photo) URL.revokeObjectURL(before.photo.url);
}
