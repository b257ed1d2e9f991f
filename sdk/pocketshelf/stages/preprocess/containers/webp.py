"""WebP (RFC 9649): the canvas, its colours and its frames, before libwebp makes room for them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

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

__all__ = ["read_webp"]

# libwebp's canvas and the one before it, the frame's bytes, and Pillow's picture, each of four bytes.
_BYTES_A_PIXEL = 16


def read_webp(data: bytes) -> Container:
    """Raises: PhotoError: damaged, or too large to decode."""
    chunks = list(_chunks(data))
    if not chunks:
        raise PhotoError("truncated image: the file ends within its headers")
    sizes = [size for kind, body in chunks if (size := _size(kind, body))]
    if not sizes:
        raise PhotoError("damaged image: a WebP without a picture")
    width, height = sizes[0]
    for size in sizes:
        check_pixels(*size)
        check_memory(size[0] * size[1] * _BYTES_A_PIXEL)
    first = {kind: bytes(body) for kind, body in reversed(chunks) if kind in (b"EXIF", b"ICCP", b"XMP ")}
    icc = first.get(b"ICCP")
    return Container(
        "WEBP",
        data,
        width,
        height,
        orientation(first.get(b"EXIF", b""), first.get(b"XMP ", b"")),
        icc if icc and len(icc) <= MAX_PROFILE_BYTES else None,
        frames=frames_within(width, height, sum(kind == b"ANMF" for kind, _ in chunks)),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(type, body) of each chunk in the file, whatever length its RIFF header names."""
    view, at = memoryview(data), 12
    for _ in range(MAX_PIECES):
        if at + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, view[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)
    raise too_many_pieces("chunks")


def _size(kind: bytes, body: memoryview) -> tuple[int, int] | None:
    """The size that a chunk of pixels, or the extended header, names."""
    if kind == b"VP8X" and len(body) >= 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8 " and len(body) >= 10:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(body) >= 5:
        (bits,) = struct.unpack_from("<I", body, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
