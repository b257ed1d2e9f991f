// Pictures out of the video: what is seen is what is sent, cut as the stage cuts it. One canvas for all small
// frames, so that nothing grows in months.
const QUALITY = { frame: 0.72, photo: 0.92 };

// The part of a video, in its own pixels, that a stage shows which it covers.
export function visible(video, stage) {
  const scale = Math.max(stage.width / video.width, stage.height / video.height) || 1;
  const width = Math.min(video.width, stage.width / scale);
  const height = Math.min(video.height, stage.height / scale);
  return { x: (video.width - width) / 2, y: (video.height - height) / 2, width, height };
}

export class Frames {
  #canvas = null;

  constructor(video, stage) {
    Object.assign(this, { video, stage });
  }

  small(side = 640) {
    const part = this.#part();
    const scale = Math.min(1, side / Math.max(part.width, part.height));
    this.#canvas ??= canvas(1, 1);
    return draw(this.#canvas, this.video, part, scale, QUALITY.frame);
  }

  full() {
    return draw(canvas(1, 1), this.video, this.#part(), 1, QUALITY.photo);
  }

  #part() {
    const { clientWidth, clientHeight } = this.stage;
    return visible(
      { width: this.video.videoWidth, height: this.video.videoHeight },
      { width: clientWidth, height: clientHeight },
    );
  }
}

function canvas(width, height) {
  if (typeof OffscreenCanvas === "function") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

async function draw(target, video, part, scale, quality) {
  const width = Math.max(1, Math.round(part.width * scale));
  const height = Math.max(1, Math.round(part.height * scale));
  if (target.width !== width) target.width = width;
  if (target.height !== height) target.height = height;
  target.getContext("2d", { alpha: false }).drawImage(video, part.x, part.y, part.width, part.height, 0, 0, width, height);
  return { blob: await encoded(target, quality), width, height };
}

const encoded = (target, quality) =>
  target.convertToBlob
    ? target.convertToBlob({ type: "image/jpeg", quality })
    : new Promise((resolve, reject) =>
        target.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality),
      );
