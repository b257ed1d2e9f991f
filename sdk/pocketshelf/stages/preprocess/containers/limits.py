"""What one picture may cost, checked on its headers before a decoder sees it.

The limits are of kinds: bytes in the file, pixels, bytes in memory while it is decoded, pieces
(chunks, segments, strips) that are handled one by one, and passes over the picture.
"""

from __future__ import annotations

from pocketshelf.errors import PhotoError

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_FRAMES",
    "MAX_PIECES",
    "MAX_PIXELS",
    "MAX_PIXELS_UNSCALED",
    "MAX_PROFILE_BYTES",
    "MAX_SIDE",
    "check_file_bytes",
    "check_memory",
    "check_pixels",
    "frames_within",
    "too_many_pieces",
]

# 64 megapixels of three samples of 16 bits are 384 MB, but what phones and cameras write is under 200 MB.
MAX_FILE_BYTES = 256_000_000
# A 200-megapixel phone sensor is the largest on sale; beyond it a small file is a decompression bomb.
MAX_PIXELS = 210_000_000
# Formats without DCT scaling are decoded whole; 64 megapixels take 256 MB, as Pillow holds RGB in four bytes.
MAX_PIXELS_UNSCALED = 64_000_000
MAX_SIDE = 65_535
# What one decoder may hold at a time: its own buffers, and the picture.
MAX_MEMORY = 400_000_000
# A 64-megapixel PNG of pure noise has 24,000 chunks of 8 kB.
MAX_PIECES = 65_536
# The largest profiles in use, of presses, have 2 to 3 MB.
MAX_PROFILE_BYTES = 4_000_000
# How far into an animation the first frame that shows something is looked for.
MAX_FRAMES = 24


def check_file_bytes(count: int) -> None:
    """Raises: PhotoError: the file is empty, or longer than any photo."""
    if count == 0:
        raise PhotoError("the file is empty")
    if count > MAX_FILE_BYTES:
        raise PhotoError(f"larger than {MAX_FILE_BYTES // 1_000_000} MB; reduce it first")


def check_pixels(width: int, height: int, limit: int = MAX_PIXELS_UNSCALED) -> None:
    """Raises: PhotoError: a side is nought or too long, or they span more than ``limit`` pixels."""
    if width < 1 or height < 1:
        raise PhotoError("damaged image: its header names no size")
    if width * height > limit:
        raise PhotoError(
            f"{width} x {height} pixels, more than the {limit // 1_000_000} megapixels that are decoded; "
            "reduce it first"
        )
    if max(width, height) > MAX_SIDE:
        raise PhotoError(f"{width} x {height} pixels; a side may have {MAX_SIDE}; reduce it first")


def check_memory(count: int) -> None:
    """Raises: PhotoError: decoding would hold more than `MAX_MEMORY` bytes."""
    if count > MAX_MEMORY:
        raise PhotoError(
            f"decoding it takes {count // 1_000_000} MB, more than the {MAX_MEMORY // 1_000_000} MB that a "
            "picture may take; reduce it first, or save it as a plain JPEG"
        )


def frames_within(width: int, height: int, frames: int) -> int:
    """How many of an animation's frames may be decoded: together no more than one large picture."""
    return max(1, min(frames, MAX_FRAMES, MAX_PIXELS_UNSCALED // max(1, width * height)))


def too_many_pieces(what: str) -> PhotoError:
    """The error for a file that is cut into more pieces than any writer makes."""
    return PhotoError(f"damaged or hostile image: more than {MAX_PIECES} {what}; save it anew")
