"""PNG (W3C PNG, third edition): its chunks; those that pack something are bounded as they are unpacked."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.exif import orientation
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_PIECES,
    MAX_PROFILE_BYTES,
    check_memory,
    check_pixels,
    frames_within,
    too_many_pieces,
)
from pocketshelf.stages.preprocess.containers.profiles import coded_profile

__all__ = ["read_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that the picture is made of, with those of an animation's frames (APNG).
_PALETTE = (b"PLTE", b"tRNS")
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_GREY, _RGB, _INDEXED = 0, 2, 3
# Rows are found by a pointer each.
_POINTER = 8


@dataclass
class _Found:
    header: bytes = b""
    palette: list[bytes] = field(default_factory=list)
    before: list[bytes] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    after: list[bytes] = field(default_factory=list)
    frames: int = 1
    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes | None = None


def read_png(data: bytes) -> Container:
    """Raises: PhotoError: damaged, cut off in its header, or too large to decode."""
    found = _Found()
    for kind, body in _chunks(data):
        _take(kind, body, found)
    if len(found.header) < 13:
        raise PhotoError("damaged image: a PNG without header")
    width, height, depth, colour = struct.unpack_from(">IIBB", found.header)
    check_pixels(width, height)
    check_memory(height * (width * _bytes_a_pixel(depth, colour) + _POINTER))
    frames = frames_within(width, height, found.frames if found.frames < 1 << 31 else 1)
    pieces = [
        _chunk(b"IHDR", found.header),
        *found.palette,
        *(found.before if frames > 1 else ()),
        _chunk(b"IDAT", b"".join(found.data)),
        *(found.after if frames > 1 else ()),
        _chunk(b"IEND", b""),
    ]
    return Container(
        "PNG",
        SIGNATURE + b"".join(pieces),
        width,
        height,
        orientation(found.exif, found.xmp),
        found.icc,
        frames,
    )


def _bytes_a_pixel(depth: int, colour: int) -> int:
    """What Pillow keeps of a pixel."""
    if colour in (_GREY, _INDEXED):
        return 2 if depth == 16 else 1
    return 4


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, body) of each chunk; the last may be cut off, which the decoder judges."""
    at = len(SIGNATURE)
    for _ in range(MAX_PIECES):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length
    raise too_many_pieces("chunks")


def _take(kind: bytes, body: bytes, found: _Found) -> None:
    if kind == b"IHDR":
        found.header = found.header or body[:13]
    elif kind == b"IDAT":
        found.data.append(body)
    elif kind in _PALETTE and not found.data:
        found.palette.append(_chunk(kind, body))
    elif kind in _ANIMATION:
        (found.after if found.data else found.before).append(_chunk(kind, body))
        if kind == b"acTL" and len(body) >= 4:
            found.frames = struct.unpack_from(">I", body)[0]
    elif kind == b"eXIf":
        found.exif = body
    elif kind in (b"iTXt", b"zTXt", b"tEXt"):
        _take_text(kind, body, found)
    elif kind == b"iCCP" and found.icc is None:
        found.icc = _unpacked(body)
    elif kind == b"cICP" and len(body) >= 2:
        found.icc = coded_profile(body[0], body[1])


def _take_text(kind: bytes, body: bytes, found: _Found) -> None:
    """XMP, and EXIF as ImageMagick writes it: a name, a length, and hexadecimal digits in lines."""
    name, _, text = body.partition(b"\0")
    if name == b"XML:com.adobe.xmp" and kind == b"iTXt":
        found.xmp = found.xmp or body[:MAX_PROFILE_BYTES]
    elif name in (b"Raw profile type exif", b"Raw profile type APP1") and kind in (b"zTXt", b"tEXt"):
        text = (_unpacked(body) or b"") if kind == b"zTXt" else text[:MAX_PROFILE_BYTES]
        digits = b"".join(text.split(b"\n")[3:])
        with contextlib.suppress(ValueError):
            found.exif = found.exif or bytes.fromhex(digits.decode("ascii"))


def _unpacked(body: bytes) -> bytes | None:
    """What a chunk packs (iCCP, zTXt: name, 0, method 0, zlib data); none where damaged or too large."""
    packed = body[body.find(b"\0") + 2 :]
    try:
        profile = zlib.decompressobj().decompress(packed, MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return None
    return profile if len(profile) <= MAX_PROFILE_BYTES else None


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
