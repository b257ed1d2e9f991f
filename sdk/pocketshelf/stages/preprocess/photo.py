"""A decoded photo."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess.resize import network_input, thumbnail
from pocketshelf.types import Box

__all__ = ["Photo", "PhotoInOwnColours"]


@dataclass(frozen=True)
class Photo:
    """An upright photo, possibly decoded at a reduced scale.

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
        height, width = self._decoded.shape[:2]
        return width / self.width, height / self.height

    def to_decoded(self, box: Box) -> Box:
        """A box in the photo's own pixels in those that were decoded."""
        (sx, sy), (x, y, w, h) = self.scale, box
        return x * sx, y * sy, w * sx, h * sy

    def network_input(self, preprocessing: Preprocessing, box: Box | None = None) -> np.ndarray:
        """What a network is given for ``box``, in decoded pixels, or for the frame: see `network_input`."""
        return network_input(self._decoded, preprocessing, box)

    def thumbnail(self, side: int) -> np.ndarray:
        """The frame as uint8 (h, w, 3), its longer side ``side`` pixels; a smaller photo is enlarged."""
        return thumbnail(self._decoded, side)

    @property
    def _decoded(self) -> np.ndarray:
        return self.pixels


class PhotoInOwnColours(Photo):
    """A photo of another colour space, converted where it is looked at.

    A network looks at 50,000 of the 750,000 pixels, whose conversion takes a millisecond instead of eleven.

    Args:
        pixels: in its own colours.
        to_srgb: converts them; None (of a copy that `dataclasses.replace` makes): they are in sRGB.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        width: int,
        height: int,
        to_srgb: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        # A frozen dataclass is not set by assignment.
        vars(self).update(width=width, height=height, _own=pixels, _to_srgb=to_srgb or np.asarray)

    @functools.cached_property
    def pixels(self) -> np.ndarray:  # type: ignore[override]
        """As `Photo`'s, made when first asked for."""
        converted: np.ndarray = vars(self)["_to_srgb"](self._decoded)
        return converted

    def network_input(self, preprocessing: Preprocessing, box: Box | None = None) -> np.ndarray:
        """See `Photo`."""
        converted: np.ndarray = vars(self)["_to_srgb"](super().network_input(preprocessing, box))
        return converted

    def thumbnail(self, side: int) -> np.ndarray:
        """See `Photo`."""
        converted: np.ndarray = vars(self)["_to_srgb"](super().thumbnail(side))
        return converted

    def __reduce__(self) -> tuple[type[Photo], tuple[np.ndarray, int, int]]:
        return Photo, (self.pixels, self.width, self.height)

    @property
    def _decoded(self) -> np.ndarray:
        own: np.ndarray = vars(self)["_own"]
        return own
