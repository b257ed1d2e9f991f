"""HEIF and AVIF (ISO/IEC 23008-12): the sizes and colours that the boxes name, before a codec sees them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.av1 import coded_sizes
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_PIECES,
    MAX_PIXELS_UNSCALED,
    check_memory,
    check_pixels,
    too_many_pieces,
)
from pocketshelf.stages.preprocess.containers.profiles import coded_profile

__all__ = ["read_avif", "read_heif"]

# The codec's planes, of up to 12 bits, its RGB, and Pillow's picture.
_BYTES_A_PIXEL = 8
# Tiles overlap a picture's edges, alpha and depth have their own: so many times its pixels may be decoded.
_MAX_TILED = 2 * MAX_PIXELS_UNSCALED
_TRACK = (b"trak", b"mdia", b"minf", b"stbl")

Size = tuple[int, int]


@dataclass
class _Boxes:
    """What the boxes say.

    Attributes:
        coded: places in the file, (start, end), of the data of items that AV1 coded.
        properties: sizes in the order of the property boxes, None for other properties.
        tracks: sizes of an image sequence's samples.
        colours: H.273's primaries and transfer.
        exif: where items call themselves EXIF.
        used: item → its properties, from 1.
        parts: items that derived ones (grids, overlays) are put together of, once each time.
    """

    data: bytes
    count: int = 0
    properties: list[Size | None] = field(default_factory=list)
    tracks: list[Size] = field(default_factory=list)
    colours: tuple[int, int] | None = None
    exif: list[int] = field(default_factory=list)
    av1: set[int] = field(default_factory=set)
    coded: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    used: dict[int, list[int]] = field(default_factory=dict)
    parts: list[int] = field(default_factory=list)


def read_heif(data: bytes) -> Container:
    """Raises: PhotoError: damaged, or too large to decode."""
    return _read("HEIF", data)


def read_avif(data: bytes) -> Container:
    """Raises: PhotoError: damaged, or too large to decode."""
    return _read("AVIF", data)


def _read(kind: str, data: bytes) -> Container:
    boxes = _Boxes(data)
    try:
        for name, start, end in _children(boxes, 0, len(data)):
            if name == b"meta":
                _meta(boxes, start + 4, end)
            elif name == b"moov":
                _movie(boxes, start, end, _TRACK)
    except (struct.error, IndexError) as error:
        raise PhotoError("damaged image: its header is cut off") from error
    sizes = [*filter(None, boxes.properties), *boxes.tracks]
    if not sizes:
        raise PhotoError("damaged image: its header names no size")
    for width, height in sizes:
        check_pixels(width, height)
        check_memory(width * height * _BYTES_A_PIXEL)
    _check_parts(boxes)
    _check_coded(boxes)
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Container(
        kind,
        _still(boxes),
        width,
        height,
        icc=coded_profile(*boxes.colours) if boxes.colours else None,
    )


def _children(boxes: _Boxes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of each box in ``data[at:end]``; the codec judges media data that is cut off."""
    while at + 8 <= end:
        length, name = struct.unpack_from(">I4s", boxes.data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", boxes.data, start)
            start += 8
        stop = at + length if length else end
        if stop < start or (stop > end and name != b"mdat"):
            raise PhotoError("truncated or damaged image: a box reaches beyond its place")
        boxes.count += 1
        if boxes.count > MAX_PIECES:
            raise too_many_pieces("boxes")
        yield name, start, stop
        at = stop


def _meta(boxes: _Boxes, start: int, end: int) -> None:
    inside = list(_children(boxes, start, end))
    idat = next((first for name, first, _ in inside if name == b"idat"), 0)
    for name, first, last in inside:
        if name == b"iinf":
            _items(boxes, first, last)
        elif name == b"iloc":
            _locations(boxes, first, last, idat)
        elif name == b"iref":
            _references(boxes, first, last)
        elif name == b"iprp":
            for part, at, stop in _children(boxes, first, last):
                if part == b"ipco":
                    boxes.properties += [_property(boxes, *box) for box in _children(boxes, at, stop)]
                elif part == b"ipma":
                    _associations(boxes, at, stop)


def _items(boxes: _Boxes, start: int, end: int) -> None:
    """The items' types (iinf): which are EXIF, and which AV1 coded."""
    for name, at, _ in _children(boxes, start + (6 if boxes.data[start] == 0 else 8), end):
        # infe: version and flags, id of 2 or (version 3) 4 bytes, protection, type.
        wide = boxes.data[at] == 3
        (item,) = struct.unpack_from(">I" if wide else ">H", boxes.data, at + 4)
        kind = at + (10 if wide else 8)
        if name == b"infe" and boxes.data[kind : kind + 4] == b"Exif":
            boxes.exif.append(kind)
        elif name == b"infe" and boxes.data[kind : kind + 4] == b"av01":
            boxes.av1.add(item)


def _locations(boxes: _Boxes, start: int, end: int, idat: int) -> None:
    """Where the items' data lies (iloc): in the file, or behind ``idat``."""
    version, sizes, more = boxes.data[start], boxes.data[start + 4], boxes.data[start + 5]
    at = start + 6

    def number(length: int) -> int:
        nonlocal at
        at += length
        if at > end:
            raise PhotoError("damaged image: its header is cut off")
        return int.from_bytes(boxes.data[at - length : at], "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        inside = bool(version) and number(2) & 15 == 1
        number(2)
        base = number(more >> 4) + (idat if inside else 0)
        for _ in range(number(2)):
            number(more & 15 if version else 0)
            first, length = base + number(sizes >> 4), number(sizes & 15)
            places = boxes.coded.setdefault(item, [])
            places.append((first, first + length if length else len(boxes.data)))
            boxes.count += 1
            if boxes.count > MAX_PIECES:
                raise too_many_pieces("extents")


def _property(boxes: _Boxes, name: bytes, start: int, end: int) -> Size | None:
    if name == b"colr" and boxes.data[start : start + 4] == b"nclx":
        boxes.colours = struct.unpack_from(">HH", boxes.data, start + 4)
    return struct.unpack_from(">II", boxes.data, start + 4) if name == b"ispe" else None


def _references(boxes: _Boxes, start: int, end: int) -> None:
    """The items that others are derived from (dimg)."""
    letter = "I" if boxes.data[start] else "H"
    for name, at, stop in _children(boxes, start + 4, end):
        at += struct.calcsize(">" + letter)
        (count,) = struct.unpack_from(">H", boxes.data, at)
        if name == b"dimg" and at + 2 + count * struct.calcsize(">" + letter) <= stop:
            boxes.parts += struct.unpack_from(f">{count}{letter}", boxes.data, at + 2)


def _associations(boxes: _Boxes, start: int, end: int) -> None:
    """Item → properties (ipma)."""
    version, wide = boxes.data[start], boxes.data[start + 3] & 1
    (count,) = struct.unpack_from(">I", boxes.data, start + 4)
    at = start + 8
    for _ in range(min(count, MAX_PIECES)):
        item, number = struct.unpack_from(">HB" if version < 1 else ">IB", boxes.data, at)
        at += 3 if version < 1 else 5
        places = struct.unpack_from(f">{number}{'H' if wide else 'B'}", boxes.data, at)
        at += number * (2 if wide else 1)
        if at > end:
            return
        boxes.used[item] = [place & (0x7FFF if wide else 0x7F) for place in places]


def _movie(boxes: _Boxes, start: int, end: int, path: tuple[bytes, ...]) -> None:
    """The sizes that a sequence's sample descriptions name, at the end of ``path``."""
    for name, first, last in _children(boxes, start, end):
        if path and name == path[0]:
            _movie(boxes, first, last, path[1:])
        elif not path and name == b"stsd":
            for _, at, _ in _children(boxes, first + 8, last):
                boxes.tracks.append(struct.unpack_from(">HH", boxes.data, at + 24))


def _check_parts(boxes: _Boxes) -> None:
    """Raises: PhotoError: putting a grid together decodes far more pixels than a picture has."""
    pixels = 0
    for item in boxes.parts:
        numbers = [number for number in boxes.used.get(item, ()) if 1 <= number <= len(boxes.properties)]
        sizes = [size for number in numbers if (size := boxes.properties[number - 1])]
        pixels += max((width * height for width, height in sizes), default=0)
    if pixels > _MAX_TILED:
        raise PhotoError(f"its tiles together have {pixels // 1_000_000} megapixels; save it as a plain JPEG")


def _check_coded(boxes: _Boxes) -> None:
    """Raises: PhotoError: an AV1 stream's frames are larger than a picture may be, or than any size says."""
    largest = max((width * height for width, height in filter(None, boxes.properties)), default=0)
    for item in boxes.av1:
        places = boxes.coded.get(item, ())
        if sum(last - first for first, last in places) > len(boxes.data):
            if any(last > len(boxes.data) for _, last in places):
                raise PhotoError("truncated image: picture data is missing")
            raise PhotoError("damaged or hostile image: its parts overlap")
        stream = b"".join(boxes.data[first:last] for first, last in places)
        for width, height in coded_sizes(stream):
            # Frames are coded in blocks of up to 128 pixels.
            if width * height > max(largest, 1) and (width > 128 or height > 128):
                raise PhotoError("damaged or hostile image: its frames are larger than it says")


def _still(boxes: _Boxes) -> bytes:
    """The file as its still picture, its EXIF unnamed: properties turn it, and decoders warn of odd tags.

    An AVIF sequence has its still picture beside its frames, whose sizes are not looked up here.
    """
    sequence = boxes.data[8:12] == b"avis"
    if not boxes.exif and not sequence:
        return boxes.data
    plain = bytearray(boxes.data)
    for at in boxes.exif:
        plain[at : at + 4] = b"skip"
    if sequence:
        plain[8:12] = b"avif"
    return bytes(plain)
