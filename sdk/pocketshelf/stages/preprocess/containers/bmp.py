"""BMP: size and compression of the bitmap's header."""

from __future__ import annotations

import struct

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.limits import check_memory, check_pixels

__all__ = ["read_bmp"]

_OLD_HEADER = 12
_RAW, _RLE8, _RLE4, _MASKS = 0, 1, 2, 3
# Run lengths are unpacked in Python: a second a megapixel, at worst.
_MAX_PIXELS_RUN_LENGTH = 4_000_000


def read_bmp(data: bytes) -> Container:
    """Raises: PhotoError: damaged, compressed in a way that is not decoded, or too large."""
    if len(data) < 34:
        raise PhotoError("truncated image: the file ends within its headers")
    (header,) = struct.unpack_from("<I", data, 14)
    if header == _OLD_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
        compression = _RAW
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    width, height = width, abs(height)
    if compression not in (_RAW, _RLE8, _RLE4, _MASKS):
        raise PhotoError("a BMP that is compressed in a way that is not decoded; save it as PNG or JPEG")
    check_pixels(width, height)
    if compression in (_RLE8, _RLE4):
        check_pixels(width, height, _MAX_PIXELS_RUN_LENGTH)
    check_memory(width * height * (1 if depth <= 8 else 4))
    return Container("BMP", data, width, height)
