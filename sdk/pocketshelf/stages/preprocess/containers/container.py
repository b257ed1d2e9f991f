"""A picture as its decoder is given it, with what was read from its headers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Container"]


@dataclass(frozen=True)
class Container:
    """A picture's file after its headers were read and its cost was bounded.

    Attributes:
        kind: its one decoder: "JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF" or "HEIF".
        data: the file for that decoder, without what has no part in the pixels; a JPEG's with an end marker.
        width, height: as stored, before ``orientation`` is applied.
        orientation: EXIF's 1 to 8: how the stored picture is turned to stand upright.
        icc: its colour profile, or none.
        frames: how many frames may be looked at for the first that shows something.
        ended: false for a JPEG without end marker, whose decoding must be checked for missing data.
    """

    kind: str
    data: bytes
    width: int
    height: int
    orientation: int = 1
    icc: bytes | None = None
    frames: int = 1
    ended: bool = True
