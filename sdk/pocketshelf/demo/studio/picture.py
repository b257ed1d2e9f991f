"""A drawn picture with everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from pocketshelf.demo.studio.identity import Attributes, Identity

__all__ = ["Box", "Picture", "covered_box"]

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """One drawn (synthetic) picture.

    Attributes:
        image: RGB.
        box: (x, y, w, h) of the garment's visible extent in pixels.
        kind: "shop" on white, "street" in a scene.
    """

    identity: Identity
    image: Image.Image
    box: Box
    kind: Literal["shop", "street"]

    @property
    def category(self) -> str:
        """The clothing label, as in a catalogue's ``category``."""
        return self.identity.cut.category

    @property
    def attributes(self) -> Attributes:
        """Colour, pattern, sleeve, neckline."""
        return self.identity.attributes


def covered_box(cover: np.ndarray) -> Box:
    """The box (x, y, w, h) of what ``cover`` (h, w) covers by more than half; empty if nothing is."""
    rows, columns = np.nonzero(cover > 0.5)
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns.min()), float(rows.min()), float(np.ptp(columns) + 1), float(np.ptp(rows) + 1)
