"""Colour profiles: Display P3, Adobe RGB and others to sRGB by LittleCMS, whose transforms are kept."""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["profile_space", "srgb_converter", "to_srgb"]

# A profile whose colours lie within so much of sRGB's, of 255, is sRGB by another name: its pixels stay.
_SAME = 3
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# Tags of pipelines of any length, all of whose stages may be the same bytes: a small profile takes minutes.
_PIPELINES = (b"D2B", b"B2D")
_MAX_TAGS = 100


def profile_space(icc: bytes | None) -> str | None:
    """The mode of the pictures that a profile is for: "RGB", "L" or "CMYK"; None without one."""
    return _SPACES.get(icc[16:20].decode("latin-1")) if icc and len(icc) > 128 else None


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """``image`` as sRGB; itself where its profile is for other pictures, damaged, or sRGB."""
    if icc is None or profile_space(icc) != image.mode:
        return _as_rgb(image)
    transform = _transform(icc, image.mode)
    if transform is None:
        return _as_rgb(image)
    converted: Image.Image = transform.apply(image)
    return converted


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")


def srgb_converter(icc: bytes | None) -> Callable[[Image.Image], Image.Image] | None:
    """What converts RGB images of a profile to sRGB; None where they are sRGB already."""
    transform = _transform(icc, "RGB") if icc is not None and profile_space(icc) == "RGB" else None
    return None if transform is None else transform.apply


@functools.lru_cache(maxsize=16)
def _transform(icc: bytes, mode: str) -> Any:
    if not _is_simple(icc):
        return None
    try:
        from PIL import ImageCms

        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _is_srgb(transform) else transform
    except Exception:  # No LittleCMS, or a profile that is none: its colours are taken as sRGB's.
        return None


def _is_simple(icc: bytes) -> bool:
    """Whether a profile is made of curves, matrices and tables alone, as those of cameras and presses are."""
    if len(icc) < 132:
        return False
    (count,) = struct.unpack_from(">I", icc, 128)
    tags = [icc[at : at + 4] for at in range(132, 132 + 12 * min(count, _MAX_TAGS), 12)]
    return count <= _MAX_TAGS and not any(tag.startswith(_PIPELINES) for tag in tags)


def _is_srgb(transform: Any) -> bool:
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= _SAME)
