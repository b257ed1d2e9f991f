"""A decoded photo."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess.resize import (
    Picture,
    as_image,
    cropped,
    network_input,
    picture_size,
    thumbnail,
)
from pocketshelf.types import Box

__all__ = ["DecodedPhoto", "Photo"]

# So that what is averaged first, two by two, hardly shows: vectors move as by a JPEG's quality of 80 for 90.
SPARE = 1.5
_TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


@dataclass(frozen=True)
class Photo:
    """An upright photo, possibly decoded at a reduced scale.

    A network's crop is taken from the smallest of its halvings that has some more pixels a side than the
    network takes: the filter reads every pixel, which takes four times as long at twice the scale.

    Attributes:
        pixels: uint8, shape (h, w, 3), sRGB order RGB, upright.
        width, height: size of the upright photo in its own pixels; boxes are given in these.
    """

    pixels: np.ndarray
    width: int
    height: int

    @property
    def scale(self) -> tuple[float, float]:
        """Factors (x, y) from the photo's pixels to those decoded."""
        width, height = picture_size(self._decoded)
        return width / self.width, height / self.height

    def to_decoded(self, box: Box) -> Box:
        """A box in the photo's own pixels in those that were decoded."""
        (sx, sy), (x, y, w, h) = self.scale, box
        return x * sx, y * sy, w * sx, h * sy

    def cut(self, corners: tuple[int, int, int, int], size: tuple[int, int] | None = None) -> Photo:
        """A photo of its own of what lies within ``corners``: left, top, right, bottom, in decoded pixels.

        Args:
            size: its (width, height) in its own pixels; the decoded if None.
        """
        left, top, right, bottom = corners
        return Photo(self.pixels[top:bottom, left:right], *(size or (right - left, bottom - top)))

    def part(self, shares: tuple[float, float, float, float]) -> Photo:
        """A photo of its own, whose boxes are in pixels of this one.

        Args:
            shares: left, top, right and bottom, of this one's width and height.
        """
        left, top, right, bottom = _corners(shares, self.width, self.height)
        return self.cut(_corners(shares, *picture_size(self._decoded)), (right - left, bottom - top))

    def turned(self, quarters: int) -> Photo:
        """The photo by so many quarter turns, anticlockwise."""
        size = (self.width, self.height) if quarters % 2 == 0 else (self.height, self.width)
        return Photo(np.rot90(self.pixels, quarters), *size)

    def network_input(
        self, preprocessing: Preprocessing, box: Box | None = None, spare: float = SPARE
    ) -> np.ndarray:
        """What a network is given for ``box``, in decoded pixels, or for the frame: see `network_input`.

        Args:
            spare: so many times the pixels a side that the network takes are left of a crop that is halved.
        """
        width, height = picture_size(self._decoded)
        crop = cropped(box, (width, height), preprocessing)
        rows, columns = preprocessing.size
        picture = self._halved(_halvings(min(crop[2] / columns, crop[3] / rows) / spare))
        if box is not None and picture is not self._decoded:
            (x, y, w, h), (across, down) = box, picture_size(picture)
            sx, sy = across / width, down / height
            box = x * sx, y * sy, w * sx, h * sy
        return network_input(picture, preprocessing, box)

    def thumbnail(self, side: int) -> np.ndarray:
        """The frame as uint8 (h, w, 3), its longer side ``side`` pixels; a smaller photo is enlarged."""
        return np.asarray(self.miniature(side))

    def miniature(self, side: int) -> Image.Image:
        """As `thumbnail`, the RGB image of these pixels: what is made of one needs no copy of them."""
        return thumbnail(self._halved(_halvings(max(picture_size(self._decoded)) / side)), side)

    def _halved(self, times: int) -> Picture:
        return as_image(self._halved(times - 1)).reduce(2) if times else self._decoded

    @property
    def _decoded(self) -> Picture:
        return self.pixels


def _corners(shares: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = shares
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def _halvings(excess: float) -> int:
    """How often what has ``excess`` times the wanted pixels a side can be halved."""
    return max(0, math.floor(math.log2(excess)))


class DecodedPhoto(Photo):
    """A photo as its decoder left it: an array of its pixels is made, and in sRGB, where one is asked for.

    Networks look at crops, and those of a decoder's own picture are the same without copies to and fro. They
    look at 50,000 of 750,000 pixels, whose conversion from another colour space takes a millisecond instead
    of eleven.

    Args:
        pixels: an RGB picture that nobody changes, or an array (of a copy that `dataclasses.replace` makes).
        to_srgb: converts pictures of its colours; None: they are in sRGB.
    """

    def __init__(
        self,
        pixels: Picture,
        width: int,
        height: int,
        to_srgb: Callable[[Image.Image], Image.Image] | None = None,
    ) -> None:
        # A frozen dataclass is not set by assignment.
        vars(self).update(width=width, height=height, _halves={0: pixels}, _to_srgb=to_srgb)
        vars(self)["_halving"] = threading.RLock()

    @functools.cached_property
    def pixels(self) -> np.ndarray:  # type: ignore[override]
        """As `Photo`'s, made when first asked for."""
        return self._converted(self._decoded)

    def cut(self, corners: tuple[int, int, int, int], size: tuple[int, int] | None = None) -> Photo:
        """See `Photo`."""
        left, top, right, bottom = corners
        part = as_image(self._decoded).crop(corners)
        return DecodedPhoto(part, *(size or (right - left, bottom - top)), vars(self)["_to_srgb"])

    def turned(self, quarters: int) -> Photo:
        """See `Photo`."""
        size = (self.width, self.height) if quarters % 2 == 0 else (self.height, self.width)
        turn = _TURNS[quarters % 4]
        picture = as_image(self._decoded)
        return DecodedPhoto(
            picture if turn is None else picture.transpose(turn), *size, vars(self)["_to_srgb"]
        )

    def network_input(
        self, preprocessing: Preprocessing, box: Box | None = None, spare: float = SPARE
    ) -> np.ndarray:
        """See `Photo`."""
        return self._converted(super().network_input(preprocessing, box, spare))

    def miniature(self, side: int) -> Image.Image:
        """See `Photo`; the last one is kept, since two look at the same."""
        kept: tuple[int, Image.Image] | None = vars(self).get("_miniature")
        if kept is None or kept[0] != side:
            kept = vars(self)["_miniature"] = side, as_image(self._in_srgb(super().miniature(side)))
        return kept[1]

    def __reduce__(self) -> tuple[type[Photo], tuple[np.ndarray, int, int]]:
        return Photo, (self.pixels, self.width, self.height)

    def _converted(self, own: Picture) -> np.ndarray:
        return np.asarray(self._in_srgb(own))

    def _in_srgb(self, own: Picture) -> Picture:
        to_srgb = vars(self)["_to_srgb"]
        return own if to_srgb is None else to_srgb(as_image(own))

    @property
    def _decoded(self) -> Picture:
        return self._halved(0)

    def _halved(self, times: int) -> Picture:
        halves: dict[int, Picture] = vars(self)["_halves"]
        if times not in halves:
            with vars(self)["_halving"]:  # Another thread waits for it, rather than make it as well.
                if times not in halves:
                    halves[times] = super()._halved(times)
        return halves[times]
