"""What spoils a photo in the camera: too little light, too much, a moving hand, a lens that does not focus.

Light is multiplied in linear light, and noise is added where a sensor adds it. All of these are synthetic.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf.stages.preprocess import decode_photo

__all__ = ["blurred", "darkened", "over_exposed", "recompressed", "shrunk"]


def darkened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Under-exposed by 1.3 to 3.8 stops, with the noise that comes with it."""
    linear = _linear(image) * 2.0 ** -rng.uniform(1.3, 3.8)
    if rng.random() < 0.3:  # A lamp in one corner.
        linear *= _gradient(linear.shape[:2], rng, 0.2, 1.0)[..., None]
    electrons = rng.uniform(150, 1500)
    noisy = rng.poisson(np.clip(linear, 0, None) * electrons) / electrons
    noisy += rng.normal(0, rng.uniform(0.0005, 0.004), linear.shape)
    return recompressed(_encoded(noisy * rng.uniform(1.0, 1.5)), rng)


def over_exposed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Over-exposed by 0.9 to 2.5 stops, all over or towards one side, with flare now and then."""
    linear = _linear(image)
    gain = 2.0 ** rng.uniform(0.9, 2.5)
    if rng.random() < 0.5:
        gain = 1 + (1.6 * gain - 1) * _gradient(linear.shape[:2], rng, 0.1, 1.0)[..., None]
    flare = rng.uniform(0, 0.15) if rng.random() < 0.5 else 0.0
    return recompressed(_encoded(linear * gain + flare), rng)


def blurred(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Out of focus (a disc), or moved along a line, by a two-hundredth to a fiftieth of the longer side."""
    reach = max(image.size) * rng.uniform(0.005, 0.02)
    if rng.random() < 0.5:
        soft = image.filter(ImageFilter.GaussianBlur(reach * 0.6))
    else:
        soft = _moved(image, 2.2 * reach, rng.uniform(0, np.pi))
    return recompressed(soft, rng)


def shrunk(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A picture of 40 to 110 pixels, as a page shows it."""
    side = rng.uniform(40, 110) / min(image.size)
    size = (max(8, round(image.width * side)), max(8, round(image.height * side)))
    return image.resize(size, Image.Resampling.BILINEAR)


def recompressed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Through a JPEG of a phone's or a messenger's quality."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=int(rng.integers(60, 95)))
    return Image.fromarray(decode_photo(stream.getvalue()).pixels)


def _linear(image: Image.Image) -> np.ndarray:
    """Linear light (h, w, 3) in [0, 1], by the power that sRGB is close to."""
    return (np.asarray(image, np.float32) / 255) ** 2.2


def _encoded(linear: np.ndarray) -> Image.Image:
    levels = 255 * np.clip(linear, 0, 1) ** (1 / 2.2)
    return Image.fromarray((levels + 0.5).astype(np.uint8))


def _gradient(shape: tuple[int, int], rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]] / np.array(shape)[:, None, None]
    angle = rng.uniform(0, 2 * np.pi)
    along = np.clip(0.5 + 1.2 * ((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)), 0, 1)
    return (low + (high - low) * along).astype(np.float32)


def _moved(image: Image.Image, length: float, angle: float) -> Image.Image:
    """The mean of copies along a line of ``length`` pixels."""
    pixels, steps = np.asarray(image, np.float32), max(2, round(length))
    total = np.zeros_like(pixels)
    for step in np.linspace(-0.5, 0.5, steps):
        shift = (round(step * length * np.sin(angle)), round(step * length * np.cos(angle)))
        total += np.roll(pixels, shift, axis=(0, 1))
    edge = round(length / 2) + 1
    mean = Image.fromarray((total / steps).astype(np.uint8))
    return mean.crop((edge, edge, image.width - edge, image.height - edge))
