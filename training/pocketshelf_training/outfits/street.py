"""The street photos' outfits, each garment in both forms: its box, and cut out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf_training.outfits.fit import Forms
from pocketshelf_training.outfits.pairing import Outfits, largest_of_each_role
from pocketshelf_training.outfits.sources import street_garments

__all__ = ["CHOOSE_FROM", "StreetOutfits", "read_street"]

# Of the photos of train, in their order, the last share chooses settings and fits nothing. Neighbours in the
# series may be of one blogger, so that it is a block and no sample.
CHOOSE_FROM = 0.8


@dataclass(frozen=True)
class StreetOutfits:
    """Attributes: boxes, cut: the same garments, row by row."""

    boxes: Outfits
    cut: Outfits

    @property
    def forms(self) -> Forms:
        """Every way to see a pair: the garment and its partner, each as a box or cut out."""
        both = self.boxes.garments.vectors, self.cut.garments.vectors
        return [(a, b) for a in both for b in both]

    @property
    def shades(self) -> Forms:
        """The same of their palettes' histograms."""
        both = self.boxes.garments.shades, self.cut.garments.shades
        return [(a, b) for a in both for b in both]

    def take(self, rows: np.ndarray) -> StreetOutfits:
        return StreetOutfits(self.boxes.take(rows), self.cut.take(rows))

    def part(self, split: str) -> StreetOutfits:
        """The photos of a split; of "fit" or "choose", the two parts of train."""
        splits, photos = self.boxes.garments.splits, self.boxes.garments.photos
        if split not in ("fit", "choose"):
            return self.take(splits == split)
        names = np.unique(photos[splits == "train"])
        kept = names[int(CHOOSE_FROM * len(names)) :]
        chosen = np.isin(photos, kept)
        return self.take(chosen if split == "choose" else (splits == "train") & ~chosen)


def read_street(
    encoder: Encoder, root: str | Path | None = None, cache: Path | None = None, split: str = "val"
) -> StreetOutfits:
    """The photos with masks: train's, and those of ``split``.

    Raises:
        DataMissing: the data set is not there.
    """
    boxes, cut = (street_garments(encoder, how, root, cache, split) for how in ("boxes", "cut"))
    rows = largest_of_each_role(boxes)
    return StreetOutfits(Outfits(boxes.take(rows)), Outfits(cut.take(rows)))
