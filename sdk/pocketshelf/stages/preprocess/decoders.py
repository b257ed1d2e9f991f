"""The decoders: one class of Pillow's, or of pillow-heif's, for each allowed kind, and no registry between.

Asking the class itself, instead of ``Image.open``, leaves out Pillow's other decoders, whatever a host has
registered, and its global limit of pixels, which is the host's.
"""

from __future__ import annotations

import importlib
import io
import sys
from typing import Any

from PIL import Image, ImageFile

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers import Container

__all__ = ["is_deep_colour", "open_image", "open_low_bytes"]

# Imported when the first picture of its kind comes, as Pillow does, which registers them.
_CLASSES = {
    "JPEG": ("PIL.JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PIL.PngImagePlugin", "PngImageFile"),
    "WEBP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
    "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "HEIF": ("pillow_heif", "HeifImageFile"),
}
_REMEDIES = {
    "HEIF": "a HEIC photo, which needs pillow-heif: 'pip install pillow-heif', or convert it to JPEG",
    "AVIF": "an AVIF picture, which needs a newer Pillow: 'pip install -U pillow', or convert it to JPEG",
}
# The samples' order in a deep picture's rows, and the order in which the same unpacker takes the other byte.
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def open_image(container: Container, data: bytes | None = None) -> ImageFile.ImageFile:
    """The container's picture, not yet decoded.

    Args:
        data: the file to decode, if not the container's own.

    Raises:
        PhotoError: the kind needs a library that is not installed.
        Exception: nearly anything, on hostile bytes.
    """
    module, name = _CLASSES[container.kind]
    try:
        plugin = importlib.import_module(module)
        if not getattr(plugin, "SUPPORTED", True):
            raise ImportError(name)
    except ImportError as error:
        remedy = _REMEDIES.get(container.kind, f"this Pillow does not decode {container.kind}")
        raise PhotoError(remedy) from error
    image: ImageFile.ImageFile = getattr(plugin, name)(io.BytesIO(data or container.data))
    return image


def is_deep_colour(image: ImageFile.ImageFile) -> bool:
    """Whether a picture not yet decoded has samples of 16 bits, of which Pillow keeps the upper eight."""
    deep = ("RGB;16", "RGBA;16")
    return bool(image.tile) and all(_rawmode(tile)[:-1] in deep for tile in image.tile)


def open_low_bytes(container: Container) -> Image.Image:
    """The lower eight bits of a picture of `is_deep_colour`, decoded.

    The unpacker for the other byte order picks the other byte of each sample.
    """
    image = open_image(container)
    image.tile = [_swapped(tile) for tile in image.tile]
    image.load()
    return image


def _rawmode(tile: Any) -> str:
    """What a tile's decoder is told of the samples: alone, or first among other things."""
    arguments = tile[3]
    return str(arguments if isinstance(arguments, str) else (arguments or ("",))[0])


def _swapped(tile: Any) -> Any:
    mode = _rawmode(tile)
    other = mode[:-1] + _OTHER_BYTE[mode[-1]]
    return type(tile)(*tile[:3], other if isinstance(tile[3], str) else (other, *tile[3][1:]))
