"""From what a decoder gives to 8-bit RGB: alpha on white, deep and float samples by their range, in strips.

Strips keep a picture of 64 megapixels from being copied whole for every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

__all__ = ["from_deep_colour", "reduced", "to_rgb"]

_STRIP_PIXELS = 1_000_000
# Ranges that samples are made in: 8 to 16 bits. A picture has the narrowest that holds its largest sample.
_RANGES = (255, 1023, 4095, 16383, 65535)
# A float picture's white is 1; what lies above it, up to here, are highlights.
_MAX_HIGHLIGHT = 16.0
# Colour of more pixels keeps the upper bytes of its samples, whatever their range: both would take too much.
_MAX_DEEP_PIXELS = 32_000_000

Converter = Callable[[Image.Image], Image.Image]


def to_rgb(image: Image.Image) -> Converter:
    """What turns a strip of ``image``, or the whole, into RGB."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _deep(image)
    return _shallow


def _shallow(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        # Shops' cut-outs are meant for a white page.
        ground = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, rgba).convert("RGB")
    return image.convert("RGB")


def reduced(image: Image.Image, convert: Converter, factors: tuple[int, int]) -> Image.Image:
    """``image`` brought down by whole ``factors`` (across, down), and converted, strip by strip."""
    if factors == (1, 1):
        return convert(image)
    (across, down), (width, height) = factors, image.size
    rows = down * max(1, _STRIP_PIXELS // (width * down))
    out: Image.Image | None = None
    for top in range(0, height, rows):
        strip = convert(image.crop((0, top, width, min(height, top + rows)))).reduce((across, down))
        out = out or Image.new(strip.mode, (-(-width // across), -(-height // down)))
        out.paste(strip, (0, top // down))
    assert out is not None  # A picture has rows.
    return out


def _deep(image: Image.Image) -> Converter:
    low, high = 0.0, 0.0
    for samples in _strips(image):
        low, high = min(low, float(samples.min())), max(high, float(samples.max()))
    low, top = (low, high) if low < 0 else (0.0, _white(high, image.mode == "F"))
    scale = 255.0 / ((top - low) or 1.0)

    def convert(strip: Image.Image) -> Image.Image:
        grey = np.clip((_finite(strip) - low) * scale + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")

    return convert


def _white(high: float, is_float: bool) -> float:
    """Which sample is white: 1 in float pictures, else the top of the narrowest range that holds ``high``."""
    if is_float and high <= _MAX_HIGHLIGHT:
        return 1.0
    return next((float(top) for top in _RANGES if high <= top), high)


def _strips(image: Image.Image) -> Iterator[np.ndarray]:
    for box in _boxes(image):
        yield _finite(image.crop(box))


def _finite(image: Image.Image) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # Some bits are a number that no arithmetic may touch.
        return np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)


def from_deep_colour(upper: Image.Image, lower: Callable[[], Image.Image]) -> Image.Image:
    """A colour picture of 16-bit samples whose values fill only 14 bits or fewer, brought to its range.

    Args:
        upper: the samples' upper bytes, as Pillow keeps them.
        lower: gives the lower bytes; asked only where the upper ones are that small.
    """
    bands = [upper.getchannel(number).getextrema() for number in range(3)]
    brightest = max(int(high) for _, high in bands)  # type: ignore[misc,arg-type]
    if brightest > _RANGES[-2] >> 8 or upper.width * upper.height > _MAX_DEEP_PIXELS:
        return upper
    low = lower()
    top = max(float(samples[..., :3].max()) for samples in _deep_strips(upper, low))
    scale, done = 255.0 / _white(top, False), 0
    for samples in _deep_strips(upper, low):
        samples[..., :3] = np.minimum(samples[..., :3] * scale + 0.5, 255)
        samples[..., 3:] >>= 8
        upper.paste(Image.fromarray(samples.astype(np.uint8)), (0, done))
        done += samples.shape[0]
    return upper


def _deep_strips(upper: Image.Image, lower: Image.Image) -> Iterator[np.ndarray]:
    for box in _boxes(upper):
        yield np.asarray(upper.crop(box)).astype(np.uint16) << 8 | np.asarray(lower.crop(box))


def _boxes(image: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield 0, top, image.width, min(image.height, top + rows)
