"""A decoded photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pocketshelf.types import Box

__all__ = ["Photo"]


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
        return self.pixels.shape[1] / self.width, self.pixels.shape[0] / self.height

    def to_decoded(self, box: Box) -> Box:
        """A box in the photo's own pixels in those that were decoded."""
        (sx, sy), (x, y, w, h) = self.scale, box
        return x * sx, y * sy, w * sx, h * sy
