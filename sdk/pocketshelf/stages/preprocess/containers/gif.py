"""GIF (GIF89a): the blocks of the frames that may be looked at, without comments and applications' data."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.limits import (
    MAX_FRAMES,
    MAX_PIECES,
    check_memory,
    check_pixels,
    frames_within,
    too_many_pieces,
)

__all__ = ["read_gif"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
# An animation's canvas is held as RGBA, with the frame before it.
_BYTES_A_PIXEL_MOVING = 8
# Of up to 255 bytes each: 500 MB.
_MAX_SUB_BLOCKS = 2_000_000


@dataclass
class _Found:
    pieces: list[bytes]
    frames: int = 0
    sub_blocks: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)


def read_gif(data: bytes) -> Container:
    """Raises: PhotoError: damaged, cut off in its header, or too large to decode."""
    if len(data) < 13:
        raise PhotoError("truncated image: the file ends within its headers")
    screen_width, screen_height, flags = struct.unpack_from("<HHB", data, 6)
    start = 13 + _palette_bytes(flags)
    found = _Found([data[:start]], sizes=[(screen_width, screen_height)])
    _walk(data, start, found)
    # Decoders widen the screen for a frame that reaches beyond it.
    width, height = (max(sizes) for sizes in zip(*found.sizes, strict=True))
    check_pixels(width, height)
    frames = frames_within(width, height, found.frames)
    check_memory(width * height * (_BYTES_A_PIXEL_MOVING if frames > 1 else 1))
    body = b"".join(found.pieces) + bytes([_TRAILER])
    return Container("GIF", body, width, height, frames=frames)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _walk(data: bytes, at: int, found: _Found) -> None:
    """Collect graphic controls and images until the last frame that may be looked at."""
    for _ in range(MAX_PIECES):
        if at + 2 > len(data) or data[at] == _TRAILER or found.frames == MAX_FRAMES:
            return
        at = _block(data, at, found)
    raise too_many_pieces("blocks")


def _block(data: bytes, at: int, found: _Found) -> int:
    """Take in the block at ``at``; where the next begins. Bytes between blocks are passed over."""
    if data[at] == _EXTENSION:
        end = _end_of_sub_blocks(data, at + 2, found)
        if data[at + 1] == _GRAPHIC_CONTROL:
            found.pieces.append(data[at:end])
        return end
    if data[at] == _IMAGE and at + 10 <= len(data):
        x, y, width, height, flags = struct.unpack_from("<4HB", data, at + 1)
        end = _end_of_sub_blocks(data, at + 10 + _palette_bytes(flags) + 1, found)
        found.sizes.append((x + width, y + height))
        found.pieces.append(data[at:end])
        found.frames += 1
        return end
    return at + 1


def _end_of_sub_blocks(data: bytes, at: int, found: _Found) -> int:
    """Behind a chain of sub-blocks, each its length and so many bytes, until one of no length."""
    for count in range(_MAX_SUB_BLOCKS - found.sub_blocks):
        if at >= len(data) or not data[at]:
            found.sub_blocks += count
            return min(at + 1, len(data))
        at += 1 + data[at]
    raise too_many_pieces("blocks")
