"""TIFF (revision 6.0, and BigTIFF): the first page, its tags checked and written anew.

libtiff and Pillow believe tags: counts of gigabytes, tiles larger than the picture, thousands of
strips that are all the same bytes. What they are given is a directory of only the tags that make the
pixels, none of which reaches beyond the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.exif import xmp_orientation
from pocketshelf.stages.preprocess.containers.jpeg import END, SOI, check_cost, scan_jpeg
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_PIECES,
    MAX_PROFILE_BYTES,
    check_memory,
    check_pixels,
    too_many_pieces,
)

__all__ = ["read_tiff"]

_WIDTH, _LENGTH, _BITS, _COMPRESSION, _SAMPLES = 256, 257, 258, 259, 277
_STRIP_OFFSETS, _STRIP_BYTES, _ROWS, _PLANAR = 273, 279, 278, 284
_TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_ORIENTATION, _JPEG_TABLES, _PROFILE, _DNG_VERSION, _SUBFILE, _SUB_IFDS = 274, 347, 34675, 50706, 254, 330
_XMP = 700
_OFFSETS = {_STRIP_OFFSETS, _STRIP_BYTES, _TILE_OFFSETS, _TILE_BYTES}
# What makes the pixels: besides those above photometric, fill order, predictor, palette, inks, extra samples,
# sample format, and YCbCr's coefficients, subsampling, positions and reference.
_KEPT = {
    _WIDTH, _LENGTH, _BITS, _COMPRESSION, 262, 266, *_OFFSETS, _SAMPLES, _ROWS, _PLANAR, 317, 320,
    _TILE_WIDTH, _TILE_LENGTH, 332, 338, 339, _JPEG_TABLES, 529, 530, 531, 532,
}  # fmt: skip
# Of which one number has a meaning, whatever their count says.
_SINGLE = {
    _WIDTH,
    _LENGTH,
    _COMPRESSION,
    262,
    266,
    _SAMPLES,
    _ROWS,
    _PLANAR,
    317,
    _TILE_WIDTH,
    _TILE_LENGTH,
    332,
    531,
}
_READ = _KEPT | {_ORIENTATION, _XMP, _PROFILE, _DNG_VERSION, _SUBFILE, _SUB_IFDS}

# Type → bytes, and struct's letter for the whole numbers.
_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_LETTERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_LONG = 4
_RAW, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 7, 8, 32946, 32773
_MAX_TAGS = 4096
# A decoder's buffer for one strip or tile, and its compressed bytes.
_MAX_SEGMENT = 256_000_000


@dataclass(frozen=True)
class _Tag:
    kind: int
    count: int
    raw: bytes
    order: str

    @property
    def numbers(self) -> tuple[int, ...]:
        letter = _LETTERS.get(self.kind)
        return struct.unpack(f"{self.order}{self.count}{letter}", self.raw) if letter else ()


def read_tiff(data: bytes) -> Container:
    """Raises: PhotoError: damaged, a camera's raw file, of an unusual compression, or too large to decode."""
    order, tags = _directory(data)
    if data[8:10] == b"CR" or _DNG_VERSION in tags or (_is_thumbnail(tags) and _SUB_IFDS in tags):
        raise PhotoError("a camera's raw file, which is not decoded; export it as JPEG")
    width, height = _number(tags, _WIDTH), _number(tags, _LENGTH)
    check_pixels(width, height)
    _check_samples(tags, width, height)
    _check_segments(tags, data, width, height)
    turn = _number(tags, _ORIENTATION, 0)
    return Container(
        "TIFF",
        _rewritten(data, order, {tag: value for tag, value in tags.items() if tag in _KEPT}),
        width,
        height,
        turn if 1 <= turn <= 8 else xmp_orientation(_raw(tags, _XMP)) or 1,
        _raw(tags, _PROFILE) or None,
    )


def _is_thumbnail(tags: dict[int, _Tag]) -> bool:
    return bool(_number(tags, _SUBFILE, 0) & 1)


def _raw(tags: dict[int, _Tag], tag: int) -> bytes:
    return tags[tag].raw if tag in tags else b""


def _number(tags: dict[int, _Tag], tag: int, default: int | None = None) -> int:
    numbers = tags[tag].numbers if tag in tags else ()
    if numbers:
        return numbers[0]
    if default is None:
        raise PhotoError(f"damaged image: a TIFF without tag {tag}")
    return default


def _directory(data: bytes) -> tuple[str, dict[int, _Tag]]:
    """Byte order and the first directory's tags, of those that are read here."""
    order = "<" if data[:2] == b"II" else ">"
    try:
        (version,) = struct.unpack_from(order + "H", data, 2)
        big = version == 43
        (start,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
        if count > _MAX_TAGS:
            raise PhotoError(f"damaged or hostile image: a TIFF of {count} tags")
        return order, dict(_tags(data, order, big, start + (8 if big else 2), count))
    except (struct.error, OverflowError) as error:
        raise PhotoError("truncated image: the file ends within its tags") from error


def _tags(data: bytes, order: str, big: bool, start: int, count: int) -> Iterator[tuple[int, _Tag]]:
    entry, inline = (20, 8) if big else (12, 4)
    for at in range(start, start + entry * count, entry):
        tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
        if tag not in _READ or kind not in _BYTES:
            continue
        length, place = number * _BYTES[kind], at + entry - inline
        if length > inline:
            (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, place)
        if place + length > len(data):
            if tag in _KEPT:
                raise PhotoError("truncated or damaged image: a tag reaches beyond the file's end")
            continue
        if number == 0:
            continue
        if tag in _OFFSETS and number > MAX_PIECES:
            raise too_many_pieces("strips")
        if tag not in _OFFSETS and length > MAX_PROFILE_BYTES:
            continue
        if tag in _SINGLE:
            number, length = 1, _BYTES[kind]
        yield tag, _Tag(kind, number, data[place : place + length], order)


def _check_samples(tags: dict[int, _Tag], width: int, height: int) -> None:
    """Raises: PhotoError: more samples or bits than a picture has, or than there is memory for."""
    samples, bits = _number(tags, _SAMPLES, 1), max(tags[_BITS].numbers, default=1) if _BITS in tags else 1
    if not 1 <= samples <= 6 or bits > 64:
        raise PhotoError(f"a TIFF of {samples} samples of {bits} bits a pixel, which is not decoded")
    check_memory(width * height * (4 if samples > 1 or bits > 16 else 2 if bits > 8 else 1))


def _check_segments(tags: dict[int, _Tag], data: bytes, width: int, height: int) -> None:
    """Raises: PhotoError: strips or tiles that lie beyond the file, are too large, or hold too much."""
    compression = _number(tags, _COMPRESSION, _RAW)
    if compression not in (_RAW, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS):
        raise PhotoError("a TIFF that is compressed in a way that is not decoded; save it as PNG or JPEG")
    tiled = _TILE_OFFSETS in tags
    offsets, lengths = (
        (tags[tag].numbers if tag in tags else ())
        for tag in ((_TILE_OFFSETS, _TILE_BYTES) if tiled else (_STRIP_OFFSETS, _STRIP_BYTES))
    )
    wide, high = (
        (_number(tags, _TILE_WIDTH), _number(tags, _TILE_LENGTH))
        if tiled
        else (width, min(_number(tags, _ROWS, height) or height, height))
    )
    _check_places(offsets, lengths, data, compression)
    samples, bits = _number(tags, _SAMPLES, 1), max(tags[_BITS].numbers, default=1) if _BITS in tags else 1
    if wide < 1 or high < 1 or wide * high * samples * max(bits, 8) // 8 > _MAX_SEGMENT:
        raise PhotoError(f"damaged or hostile image: a TIFF of pieces of {wide} x {high} pixels")
    if compression == _JPEG:
        _check_jpegs(data, zip(offsets, lengths, strict=True), (wide, high))


def _check_places(offsets: tuple[int, ...], lengths: tuple[int, ...], data: bytes, compression: int) -> None:
    if not offsets or ((lengths or compression != _RAW) and len(lengths) != len(offsets)):
        raise PhotoError("damaged image: a TIFF whose strips are not where its tags say")
    if max(offsets) >= len(data) or sum(lengths) > len(data):
        raise PhotoError("truncated or damaged image: its strips reach beyond the file's end")
    if compression != _RAW and any(o + n > len(data) for o, n in zip(offsets, lengths, strict=True)):
        raise PhotoError("truncated image: the file ends within its strips")


def _check_jpegs(data: bytes, places: Iterator[tuple[int, int]], size: tuple[int, int]) -> None:
    """Raises: PhotoError: a strip's JPEG is larger than the strip, or has more scans than are decoded."""
    for offset, length in places:
        stream = data[offset : offset + length]
        if not stream.startswith(SOI):
            raise PhotoError("damaged image: a strip that should be a JPEG is none")
        found = scan_jpeg(stream if stream.endswith(END) else stream + END)
        if found.width > size[0] or found.height > size[1] + 16:
            raise PhotoError("damaged or hostile image: a TIFF whose strips are larger than it says")
        check_cost(found)


def _rewritten(data: bytes, order: str, tags: dict[int, _Tag]) -> bytes:
    """The file with a directory of ``tags`` behind it, and a header (classic TIFF) that points there."""
    start = len(data) + len(data) % 2
    at = start + 2 + 12 * len(tags) + 4
    table, values = struct.pack(order + "H", len(tags)), b""
    for tag, value in sorted(tags.items()):
        kind, raw = value.kind, value.raw
        if tag in _OFFSETS:  # BigTIFF's may have 64 bits, of which no file here needs more than 32.
            kind, raw = _LONG, struct.pack(f"{order}{value.count}I", *value.numbers)
        place = raw.ljust(4, b"\0")
        if len(raw) > 4:
            place = struct.pack(order + "I", at + len(values))
            values += raw + bytes(len(raw) % 2)
        table += struct.pack(order + "HHI", tag, kind, value.count) + place
    header = data[:2] + struct.pack(order + "HI", 42, start)
    return b"".join((header, data[8:], bytes(start - len(data)), table, bytes(4), values))
