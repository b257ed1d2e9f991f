"""The orientation in an EXIF block, read tolerantly: no other tag matters, whatever is in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["exif_orientation"]

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
_MAX_ENTRIES = 1000


def exif_orientation(block: bytes) -> int:
    """1 to 8 (EXIF 2.32, tag 0x0112) of a TIFF structure, ``Exif\\0\\0`` before it or not; 1 if in doubt."""
    if block[:6] in (b"Exif\0\0", b"Exif\0\xff"):
        block = block[6:]
    for value in _orientations(block):
        return value if 1 <= value <= 8 else 1
    return 1


def _orientations(block: bytes) -> Iterator[int]:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 10:
        return
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return
    (count,) = struct.unpack_from(order + "H", block, start)
    for at in range(start + 2, start + 2 + 12 * min(count, _MAX_ENTRIES), 12):
        if at + 12 > len(block):
            return
        tag, kind, _ = struct.unpack_from(order + "HHI", block, at)
        # Some cameras write it as LONG.
        if tag == _ORIENTATION and kind in (_SHORT, _LONG):
            yield struct.unpack_from(order + ("H" if kind == _SHORT else "I"), block, at + 8)[0]
