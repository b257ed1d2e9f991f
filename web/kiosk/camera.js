// The camera: asked once a visit, its stream reused, given back while nobody looks, taken up again after sleep.
//   state   off | asking | on | refused | insecure | missing | lost
const RETRY = [1000, 2000, 5000, 10000];

export class Camera extends EventTarget {
  #stream = null;
  #wanted = false;
  #attempt = 0;
  #timer = 0;
  #tries = 0;
  #device = null;

  constructor(video, facing = "environment") {
    super();
    Object.assign(this, { video, facing, state: "off", lit: false, several: false });
    document.addEventListener("visibilitychange", () => this.#seen());
    navigator.mediaDevices?.addEventListener?.(
      "devicechange",
      () => this.#wanted && ["lost", "missing"].includes(this.state) && this.#open(),
    );
  }

  get track() {
    return this.#stream?.getVideoTracks()[0] ?? null;
  }
  get abilities() {
    return this.track?.getCapabilities?.() ?? {};
  }
  get ready() {
    return this.state === "on" && this.video.readyState >= 2 && this.video.videoWidth > 0;
  }

  // A picture of oneself is expected as in a mirror; a webcam without a side looks at the shopper, too.
  get mirrored() {
    return (this.track?.getSettings().facingMode ?? this.facing) === "user";
  }

  // Said as often as one likes: what is refused, missing or lost is not asked for again by that.
  async start() {
    const already = this.#wanted;
    this.#wanted = true;
    if (!already || this.state === "off") await this.#open();
  }

  // After a refusal only a finger asks again.
  async retry() {
    this.#wanted = true;
    await this.#open();
  }

  stop() {
    this.#wanted = false;
    this.#release("off");
  }

  // The other side, where cameras say which they are on; else the next one in the browser's list.
  async next() {
    const { facingMode, deviceId } = this.track?.getSettings() ?? {};
    if (facingMode) this.facing = facingMode === "user" ? "environment" : "user";
    else this.#device = after(await cameras(), deviceId);
    await this.#open();
  }

  async light(on) {
    await this.track?.applyConstraints({ advanced: [{ torch: on }] }).catch(() => {});
    this.lit = Boolean(this.track?.getSettings().torch);
    this.#say(this.state);
  }

  // Where the camera can, it looks sharply at the point that a finger touched; shares of the picture.
  async focusAt(x, y) {
    const { focusMode = [], pointsOfInterest } = this.abilities;
    const mode = ["single-shot", "continuous"].find((each) => focusMode.includes(each));
    if (mode)
      await this.track
        .applyConstraints({ advanced: [{ focusMode: mode, ...(pointsOfInterest && { pointsOfInterest: [{ x, y }] }) }] })
        .catch(() => {});
  }

  async #open() {
    clearTimeout(this.#timer);
    if (document.hidden) return; // Until it is seen again.
    if (!navigator.mediaDevices?.getUserMedia) return this.#say(globalThis.isSecureContext ? "missing" : "insecure");
    const attempt = ++this.#attempt;
    this.#say("asking");
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wishes(this.facing, this.#device));
      if (attempt !== this.#attempt || !this.#wanted) return stopAll(stream);
      await this.#take(stream);
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(error);
    }
  }

  async #take(stream) {
    stopAll(this.#stream);
    this.#stream = stream;
    this.#tries = 0;
    this.track.addEventListener("ended", () => stream === this.#stream && this.#fail({ name: "ended" }), { once: true });
    this.video.srcObject = stream;
    await this.video.play().catch(() => {});
    this.several = (await cameras()).length > 1;
    this.#say("on");
  }

  #fail({ name }) {
    this.#device = null; // Whichever there is, then.
    this.#release(
      name === "NotAllowedError" || name === "SecurityError" ? "refused" : name === "NotFoundError" ? "missing" : "lost",
    );
    if (this.state !== "lost" || !this.#wanted) return;
    this.#timer = setTimeout(
      () => this.#wanted && !document.hidden && this.#open(),
      RETRY[Math.min(this.#tries++, RETRY.length - 1)],
    );
  }

  #release(state) {
    clearTimeout(this.#timer);
    this.#attempt++;
    stopAll(this.#stream);
    this.#stream = null;
    this.lit = false;
    this.video.srcObject = null;
    this.#say(state);
  }

  #seen() {
    if (document.hidden) {
      if (this.#stream) this.#release("off");
    } else if (this.#wanted && ["off", "lost", "missing"].includes(this.state)) this.#open();
  }

  #say(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

const cameras = async () =>
  (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(({ kind }) => kind === "videoinput");

function after(list, deviceId) {
  const at = list.findIndex((each) => each.deviceId === deviceId);
  return list[(at + 1) % list.length]?.deviceId ?? null;
}

const wishes = (facing, device) => ({
  audio: false,
  video: {
    ...(device ? { deviceId: { exact: device } } : { facingMode: { ideal: facing } }),
    width: { ideal: 1920 },
    height: { ideal: 1080 },
  },
});

const stopAll = (stream) => stream?.getTracks().forEach((track) => track.stop());
