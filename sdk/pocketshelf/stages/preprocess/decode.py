"""Decode a photo from the street: EXIF turn, DCT-scaled JPEG, CMYK, alpha, deep samples, palette, profiles.

The one place where files that users bring are decoded. Nothing that a file contains may crash the
caller, or take more than a bounded share of memory and time: every fault becomes one `PhotoError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from pocketshelf.errors import PhotoError, one_line, reason
from pocketshelf.stages.preprocess.colour import profile_space, srgb_converter, to_srgb
from pocketshelf.stages.preprocess.containers import Container, read_container
from pocketshelf.stages.preprocess.containers.exif import orientation
from pocketshelf.stages.preprocess.containers.jpeg import END
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_FILE_BYTES,
    MAX_SIDE,
    check_file_bytes,
    check_memory,
    check_pixels,
)
from pocketshelf.stages.preprocess.decoders import is_deep_colour, open_image, open_low_bytes
from pocketshelf.stages.preprocess.heap import keep_freed_memory
from pocketshelf.stages.preprocess.photo import DecodedPhoto, Photo
from pocketshelf.stages.preprocess.pixels import from_deep_colour, reduced, to_rgb

__all__ = ["WHOLE", "WORKING_SIDE", "Reach", "decode_photo", "finished"]

# The longer working side, or up to twice it: three times what the detector sees, and a tenth of it still has
# 100 pixels. Not 1024: a quarter of a 12-megapixel photo's 4,000 or 4,032 pixels, and an eighth of a
# 50-megapixel one's, then suffice, so that the JPEG's DCT is evaluated at that scale and not at twice it.
WORKING_SIDE = 1000
# As working side: every pixel, of a picture that fits into memory.
WHOLE = MAX_SIDE

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Lossy codecs leave noise of this many levels, of 255, in what was one colour.
_FAINTEST = 8
# What libjpeg puts where a JPEG's data ends too early.
_MISSING = {127, 128}
# Data put behind a JPEG without end: where pixels are missing, some of these decode to other pixels.
_CONTINUATIONS = (b"\x00" * 96, b"\x55" * 96, b"\xaa" * 96, bytes(range(7, 247, 5)) * 2)


class Reach(NamedTuple):
    """How large a picture is wanted.

    Attributes:
        side: the longer side, of a picture that is not smaller.
        exact: no longer than that; else up to twice it, as whole factors leave it.
        least: so many pixels at the shorter side suffice where the decoder scales; None: ``side`` tells.
    """

    side: int = WORKING_SIDE
    exact: bool = False
    least: int | None = None

    def scaled(self, width: int, height: int) -> int:
        """The longer side, at least, of what is decoded of a JPEG."""
        if self.least is None:
            return self.side
        return min(self.side, math.ceil(self.least * max(width, height) / min(width, height)))


def decode_photo(
    source: str | Path | bytes,
    working_side: int | None = None,
    near: int = WORKING_SIDE,
    least: int | None = None,
) -> Photo:
    """Decode ``source`` (a path or the file's bytes) to an upright sRGB photo.

    A large one is brought down by whole factors: JPEGs while decoding (the DCT is evaluated at 1/2, 1/4
    or 1/8, which is several times faster), others after it.

    Args:
        working_side: its longer side has at most so many pixels then; None: at least ``near``, and fewer
            than twice as many, which is what networks are shown crops of.
        least: of a JPEG, so many pixels at its shorter side suffice beside ``near``: of what is halved until
            it has fewer than twice as many, as the frame is for a network, as many are left.

    Raises:
        PhotoError: the file is missing, empty, truncated, no image, or too large.
    """
    name = "photo" if isinstance(source, bytes) else str(source)
    keep_freed_memory()
    try:
        reach = Reach(near, least=least) if working_side is None else Reach(working_side, exact=True)
        return _decode(read_container(_read(source)), reach)
    except PhotoError as error:
        raise PhotoError(f"{name}: {error}") from error
    except MemoryError as error:
        raise PhotoError(f"{name}: not enough memory to decode it") from error
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise PhotoError(f"{name}: damaged or truncated image ({one_line(error)})") from error


def _read(source: str | Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    path = Path(source)
    if not path.exists():
        raise PhotoError("no such file")
    if not path.is_file():
        raise PhotoError("not a regular file")
    check_file_bytes(path.stat().st_size)
    try:
        with path.open("rb") as file:  # Which may have grown since.
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PhotoError(f"cannot be read ({reason(error)})") from error


def _decode(container: Container, reach: Reach) -> Photo:
    if container.kind == "JPEG":
        image = _jpeg(container, reach.scaled(container.width, container.height))
        size = container.width, container.height
        return finished(image, size, container.orientation, container.icc, reach)
    image = open_image(container)
    photo = None
    for _ in _frames(image, container.frames):
        check_pixels(*image.size)
        deep = is_deep_colour(image)
        image.load()
        loaded = from_deep_colour(image, lambda: open_low_bytes(container)) if deep else image
        if container.frames > 1:  # Of which the next takes its place.
            loaded = loaded.copy()
        icc = container.icc or image.info.get("icc_profile")
        shown = finished(loaded, loaded.size, _orientation(image, container), icc, reach)
        photo = photo or shown
        if container.frames == 1 or _shows_something(shown.pixels):
            return shown
    if photo is None:
        raise PhotoError("damaged image: it has no picture")
    return photo


def _frames(image: Image.Image, limit: int) -> Iterator[int]:
    """Go to each frame in turn; a damaged animation ends where it is damaged."""
    yield 0
    for number in range(1, min(limit, getattr(image, "n_frames", 1))):
        try:
            image.seek(number)
            image.load()
        except Exception:  # The first frame is what the file shows.
            return
        yield number


def _shows_something(pixels: np.ndarray) -> bool:
    """Whether a frame is more than one colour all over, as an animation's first often is."""
    return bool(np.ptp(pixels, axis=(0, 1)).max() > _FAINTEST)


def _orientation(image: Image.Image, container: Container) -> int:
    if container.kind == "AVIF":  # Pillow says there what the file's properties say.
        return orientation(image.info.get("exif") or b"")
    return container.orientation


def finished(image: Image.Image, size: tuple[int, int], turn: int, icc: bytes | None, reach: Reach) -> Photo:
    """Reduce, turn and convert to sRGB what was decoded of a picture whose stored ``size`` is (w, h).

    A picture that needs none of it becomes the photo's own.
    """
    keeps = image.mode in ("L", "CMYK") and profile_space(icc) == image.mode
    small = reduced(image, (lambda strip: strip) if keeps else to_rgb(image), _factors(image.size, reach))
    if turn in _TURNS:
        small = small.transpose(_TURNS[turn])
    upright = size[::-1] if turn > 4 else size
    if reach.exact and max(small.size) > reach.side:
        small = _resized(small, image.size[::-1] if turn > 4 else image.size, reach.side)
    convert = srgb_converter(icc) if small.mode == image.mode == "RGB" else None
    return DecodedPhoto(small if convert else to_srgb(small, icc), *upright, convert)


def _factors(size: tuple[int, int], reach: Reach) -> tuple[int, int]:
    """By what a picture may be reduced across and down: alike, or to twice what it is resized to after it."""
    if not reach.exact:
        return (max(1, max(size) // reach.side),) * 2
    target = _within(size, reach.side)
    across, down = (int(whole / part / 2.0) or 1 for whole, part in zip(size, target, strict=True))
    return across, down


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    shrink = min(1.0, side / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))


def _resized(small: Image.Image, size: tuple[int, int], working_side: int) -> Image.Image:
    """The rest of the way to ``working_side``, of a picture of ``size`` that was reduced to ``small``."""
    target, factors = _within(size, working_side), _factors(size, Reach(working_side, exact=True))
    box = (0.0, 0.0, size[0] / factors[0], size[1] / factors[1])
    return small.resize(target, Image.Resampling.BILINEAR, box=box)


def _jpeg(container: Container, working_side: int) -> Image.Image:
    """The JPEG, decoded near ``working_side``.

    Raises:
        PhotoError: pixels are missing. Where there is no end marker, or the last pixel is the grey that
            missing ones have, it is decoded with other data behind it, and is whole if no pixel changes.
    """
    image = _scaled_jpeg(container, container.data, working_side)
    if container.ended and not _ends_grey(image):
        return image
    pixels = image.tobytes()
    for continuation in _CONTINUATIONS:
        again = _scaled_jpeg(container, container.data.removesuffix(END) + continuation + END, working_side)
        if again.tobytes() != pixels:
            raise PhotoError("truncated image: picture data is missing")
    return image


def _scaled_jpeg(container: Container, data: bytes, working_side: int) -> Image.Image:
    image = open_image(container, data)
    size = _within((container.width, container.height), working_side)
    if size != (container.width, container.height):
        image.draft(None, size)
    image.decodermaxblock = len(data)  # In one piece, which the decoder does not copy.
    check_memory(4 * image.width * image.height)
    image.load()
    return image


def _ends_grey(image: Image.Image) -> bool:
    last = image.getpixel((image.width - 1, image.height - 1))
    return {last} <= _MISSING if isinstance(last, int) else set(last or ()) <= _MISSING  # type: ignore[arg-type]
