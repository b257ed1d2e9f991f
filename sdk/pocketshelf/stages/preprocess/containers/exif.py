"""The orientation in an EXIF block or in XMP, read tolerantly: nothing else matters, whatever is in it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["exif_orientation", "orientation", "xmp_orientation"]

_ORIENTATION = 0x0112
_SHORT, _LONG = 3, 4
_MAX_ENTRIES = 1000
# As an attribute or an element (XMP specification, part 1, 7.9.2.2).
_IN_XMP = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])\b")


def orientation(exif: bytes, xmp: bytes = b"") -> int:
    """1 to 8: EXIF's where it has one, else XMP's, else 1."""
    return exif_orientation(exif) or xmp_orientation(xmp) or 1


def xmp_orientation(packet: bytes) -> int | None:
    """1 to 8, as an XMP packet names it; None where it does not."""
    found = _IN_XMP.search(packet)
    return int(found[1]) if found else None


def exif_orientation(block: bytes) -> int | None:
    """1 to 8 (EXIF 2.32, tag 0x0112) of a TIFF structure, ``Exif\\0\\0`` before it or not; else None."""
    if block[:6] in (b"Exif\0\0", b"Exif\0\xff"):
        block = block[6:]
    for value in _orientations(block):
        return value if 1 <= value <= 8 else None
    return None


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
