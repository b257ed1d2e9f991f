"""Decode a photo from the street: EXIF turn, DCT-scaled JPEG, CMYK, alpha, 16-bit, palette.

Nothing that a file contains may crash the caller: every fault becomes one `PhotoError`.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pocketshelf.errors import PhotoError, one_line
from pocketshelf.types import Box

# A 200-megapixel phone sensor is the largest on sale; beyond it a small file is a decompression bomb.
MAX_PIXELS = 210_000_000
# Formats without DCT scaling are decoded whole; 64 megapixels take 192 MB as RGB.
MAX_PIXELS_UNSCALED = 64_000_000
# The longest working side: three times what the detector sees; a crop of a tenth of it still has 100 pixels.
# Not 1024: a quarter of a 12-megapixel photo's 4,000 or 4,032 pixels, and an eighth of a 50-megapixel
# one's, then suffice, so that the JPEG's DCT is evaluated at that scale and not at twice it.
WORKING_SIDE = 1000

# Set once: our own limits, with our own messages, stand in for Pillow's warning.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Photo:
    """An upright photo, possibly decoded at a reduced scale.

    Attributes:
        pixels: uint8, shape (h, w, 3), sRGB order RGB, upright.
        width, height: size of the upright photo in its own pixels; boxes are given in these.
    """

    pixels: np.ndarray
    width: int
    height: int

    @property
    def scale(self) -> tuple[float, float]:
        """Factors (x, y) from the photo's pixels to those decoded."""
        return self.pixels.shape[1] / self.width, self.pixels.shape[0] / self.height

    def to_decoded(self, box: Box) -> Box:
        """A box in the photo's own pixels in those that were decoded."""
        (sx, sy), (x, y, w, h) = self.scale, box
        return x * sx, y * sy, w * sx, h * sy


def decode_photo(source: str | Path | bytes, working_side: int = WORKING_SIDE) -> Photo:
    """Decode ``source`` (a path or the file's bytes) to an upright RGB photo.

    A photo larger than ``working_side`` is brought near it: JPEGs while decoding (the DCT is
    evaluated at 1/2, 1/4 or 1/8, which is several times faster), others after it.

    Raises:
        PhotoError: the file is missing, empty, truncated, no image, or too large.
    """
    name = "photo" if isinstance(source, bytes) else str(source)
    try:
        stream: io.BytesIO | Path = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
        if isinstance(stream, Path):
            _check_path(stream, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(stream) as image:
                return _decode(image, working_side, name)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(
            f"{name}: not an image that can be read (JPEG, PNG, WebP, GIF, TIFF, BMP; convert HEIC to JPEG)"
        ) from error
    except MemoryError as error:
        raise PhotoError(f"{name}: not enough memory to decode it") from error
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise PhotoError(f"{name}: damaged or truncated image ({one_line(error)})") from error


def _check_path(path: Path, name: str) -> None:
    if not path.exists():
        raise PhotoError(f"{name}: no such file")
    if not path.is_file():
        raise PhotoError(f"{name}: not a regular file")
    if path.stat().st_size == 0:
        raise PhotoError(f"{name}: the file is empty")


def _decode(image: Image.Image, working_side: int, name: str) -> Photo:
    width, height = image.size
    scaled_decode = image.format in ("JPEG", "MPO")
    limit = MAX_PIXELS if scaled_decode else MAX_PIXELS_UNSCALED
    if width * height > limit:
        raise PhotoError(
            f"{name}: {width} x {height} pixels, more than the {limit // 1_000_000} megapixels that are "
            "decoded; reduce it first"
        )
    if scaled_decode and max(width, height) > working_side and image.mode in ("RGB", "L", "YCbCr"):
        shrink = working_side / max(width, height)
        image.draft(None, (max(1, round(width * shrink)), max(1, round(height * shrink))))
    turned = ImageOps.exif_transpose(image)  # Loads the pixels: truncation shows here.
    upright = (height, width) if _is_turned(image) else (width, height)
    rgb = _to_rgb(turned)
    if max(rgb.size) > working_side:
        shrink = working_side / max(rgb.size)
        size = (max(1, round(rgb.width * shrink)), max(1, round(rgb.height * shrink)))
        rgb = rgb.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Photo(np.asarray(rgb), *upright)


def _is_turned(image: Image.Image) -> bool:
    """Whether the EXIF orientation swaps width and height (5 to 8 do)."""
    return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _from_deep(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        # Shops' cut-outs are meant for a white page.
        ground = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, rgba).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """16-bit and float greyscale to 8 bits: by the format's full range, else by the pixels' own."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    top = 65535.0 if image.mode != "F" and values.max(initial=0) > 255 else max(255.0, values.max(initial=0))
    grey = np.clip(values * (255.0 / top) + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
