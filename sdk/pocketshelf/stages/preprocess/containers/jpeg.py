"""JPEG (ITU-T T.81): segments, scans, and whether the data reaches the picture's end.

A progressive JPEG is kept in memory as coefficients until its last scan, and every scan passes over
all of its blocks: a file of 200 kB with thousands of scans takes minutes. Both are bounded here.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.exif import orientation
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_PIECES,
    MAX_PIXELS,
    MAX_PROFILE_BYTES,
    check_memory,
    check_pixels,
    too_many_pieces,
)

__all__ = ["END", "MAX_SCANS", "Scanned", "read_jpeg", "scan_jpeg"]

# jpegtran's progressions have 10 scans, those of optimisers up to 20 or 30.
MAX_SCANS = 100
# Blocks that all scans together pass over: a block takes up to 0.2 microseconds. 64 progressive
# megapixels of ten scans have 12 million.
MAX_BLOCK_PASSES = 24_000_000
BLOCK_BYTES = 64 * 2

SOI, END = b"\xff\xd8", b"\xff\xd9"
_SOF_DECODED = (0xC0, 0xC1, 0xC2)
_SOF_OTHERS = {0xC3: "lossless", 0xC9: "arithmetic-coded", 0xCA: "arithmetic-coded", 0xCB: "arithmetic-coded"}
_DHT, _SOI, _EOI, _SOS, _DQT, _DRI, _APP0, _APP1, _APP2, _APP14 = (
    0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE,
)  # fmt: skip
# What follows a scan's data: any marker but stuffed bytes, restarts and fill bytes.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_EXIF, _XMP, _ICC = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"


@dataclass
class Scanned:
    """What a walk over the segments found.

    Attributes:
        pieces: the file without segments that have no part in the pixels, and without end marker; a piece
            of data is a view of the file.
        ended: whether there was an end marker.
        blocks: component → its 8 x 8 blocks.
        passed: component → coefficient → the last bit that is still to come; 0: it is whole.
    """

    pieces: list[bytes | memoryview] = field(default_factory=lambda: [SOI])
    width: int = 0
    height: int = 0
    progressive: bool = False
    blocks: dict[int, int] = field(default_factory=dict)
    passed: dict[int, list[int]] = field(default_factory=dict)
    scans: int = 0
    block_passes: int = 0
    buffered: bool = False
    ended: bool = False
    exif: bytes = b""
    xmp: bytes = b""
    profile: dict[int, bytes] = field(default_factory=dict)


def read_jpeg(data: bytes) -> Container:
    """Raises: PhotoError: damaged, cut off, of a coding that no phone writes, or too dear to decode."""
    found = scan_jpeg(data)
    check_pixels(found.width, found.height, MAX_PIXELS)
    check_cost(found)
    check_whole(found)
    if not found.ended:
        found.pieces[-1] = bytes(found.pieces[-1]).removesuffix(b"\xff")
    icc = b"".join(part for _, part in sorted(found.profile.items()))
    return Container(
        "JPEG",
        b"".join((*found.pieces, END)),
        found.width,
        found.height,
        orientation(found.exif, found.xmp),
        icc if 0 < len(icc) <= MAX_PROFILE_BYTES else None,
        ended=found.ended,
    )


def check_cost(found: Scanned) -> None:
    """Raises: PhotoError: more scans, coefficients or passes over them than a photo has."""
    if found.scans > MAX_SCANS or found.block_passes > MAX_BLOCK_PASSES:
        raise PhotoError(
            f"a JPEG of {found.scans} scans, more than are decoded at its size; save it as a plain JPEG"
        )
    if found.buffered:
        check_memory(sum(found.blocks.values()) * BLOCK_BYTES)


def check_whole(found: Scanned) -> None:
    """Raises: PhotoError: scans are missing: some coefficients were never sent, or not to their last bit."""
    if not found.scans or any(set(bits) != {0} for bits in found.passed.values()):
        raise PhotoError("truncated image: picture data is missing")


def scan_jpeg(data: bytes) -> Scanned:
    """Walk over the segments of a file that begins with the start marker.

    Raises:
        PhotoError: a segment is cut off, or of a coding that is not decoded.
    """
    found, at = Scanned(), 2
    for _ in range(MAX_PIECES):
        at = data.find(b"\xff", at)
        while 0 <= at < len(data) and data[at] == 0xFF:
            at += 1
        if at < 0 or at >= len(data):
            return found
        marker, at = data[at], at + 1
        if marker == _EOI or (marker == _SOI and found.scans):
            found.ended = marker == _EOI
            return found
        if marker == 0x01 or 0xD0 <= marker <= 0xD8 or marker == 0:
            continue
        at = _segment(data, marker, at, found)
    raise too_many_pieces("segments")


def _segment(data: bytes, marker: int, at: int, found: Scanned) -> int:
    """Take in the segment whose length stands at ``at``; where the next begins."""
    (length,) = struct.unpack_from(">H", data, at) if at + 2 <= len(data) else (0,)
    body, end = data[at + 2 : at + length], at + length
    if length < 2 or end > len(data):
        raise PhotoError("truncated image: the file ends within its headers")
    if marker in _SOF_DECODED:
        _frame(body, marker == 0xC2, found)
    elif marker in _SOF_OTHERS or (0xC5 <= marker <= 0xCF and marker not in (0xC8, 0xCC)):
        raise PhotoError(
            f"{_SOF_OTHERS.get(marker, 'hierarchical')} JPEGs are not decoded; save it as plain JPEG"
        )
    elif marker == _SOS:
        _scan(body, found)
        following = _NEXT_MARKER.search(data, end)
        end = following.start() if following else len(data)
    elif marker == _APP1 and body.startswith(_EXIF):
        found.exif = found.exif or body
    elif marker == _APP1 and body.startswith(_XMP):
        found.xmp = found.xmp or body
    elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
        found.profile[body[12]] = body[14:]
    if _is_needed(marker, body):
        found.pieces += bytes([0xFF, marker]), memoryview(data)[at:end]
    return end


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether the decoder needs the segment: tables, frame, scans, and the two that tell the colours."""
    if marker == _APP0:
        return body.startswith(b"JFIF\0")
    if marker == _APP14:
        return body.startswith(b"Adobe")
    return marker in (*_SOF_DECODED, _DHT, _SOS, _DQT, _DRI)


def _frame(body: bytes, progressive: bool, found: Scanned) -> None:
    if found.blocks:
        raise PhotoError("damaged image: a JPEG of two frames")
    if len(body) < 6 or len(body) < 6 + 3 * body[5] or not body[5]:
        raise PhotoError("damaged image: its header is cut off")
    precision, found.height, found.width, count = struct.unpack_from(">BHHB", body)
    if precision != 8:
        raise PhotoError(f"{precision}-bit JPEGs are not decoded; save it as plain JPEG")
    parts = [(body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in range(6, 6 + 3 * count, 3)]
    wide, high = max(h for _, h, _ in parts), max(v for _, _, v in parts)
    if not all(1 <= h <= 4 and 1 <= v <= 4 for _, h, v in parts):
        raise PhotoError("damaged image: its header names impossible samples")
    units = -(-found.width // (8 * wide)) * -(-found.height // (8 * high))
    found.blocks = {name: units * h * v for name, h, v in parts}
    found.passed = {name: [14] * 64 for name in found.blocks}
    found.progressive = found.buffered = progressive


def _scan(body: bytes, found: Scanned) -> None:
    """A scan header: which components, which coefficients, down to which bit (T.81, B.2.3)."""
    count = body[0] if body else 0
    if len(body) < 1 + 2 * count + 3 or not found.blocks:
        raise PhotoError("damaged image: a scan's header is cut off")
    names = [body[1 + 2 * number] for number in range(count)]
    first, last, bits = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
    if not found.progressive:
        first, last, bits = 0, 63, 0
        found.buffered = found.buffered or count < len(found.blocks)
    if last > 63 or not set(names) <= set(found.blocks):
        raise PhotoError("damaged image: a scan of what the picture does not have")
    found.scans += 1
    found.block_passes += sum(found.blocks[name] for name in names)
    for name in names:
        found.passed[name][first : last + 1] = [bits] * (last + 1 - first)
