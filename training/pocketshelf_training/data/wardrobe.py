"""The file that `pocketshelf-train prepare wardrobe` makes: garments cut out, and people who wear some.

``flat_*`` and ``person_*`` columns, those of a kind of one length: ``pictures`` (WebP, one after another),
``length`` of each, ``mask`` (bits, row by row), ``profile`` (left and right end of the outline; of a garment
in 0..1 over its rows, of a person in pixels of every row), ``group``; of garments ``aspect``, ``photo``,
``name``, ``category``; of people the first and last of the ``rows`` with cloth, and the ``box`` in 0..1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf_training.data.protocol import DataMissing

__all__ = ["FILE", "FLAT_SIDE", "PERSON_SIDE", "PROFILE", "load"]

FILE = "wardrobe-{}.npz"
# Pixels of a garment's and a person's picture, and places of a garment's outline.
FLAT_SIDE, PERSON_SIDE, PROFILE = 176, 224, 128


def load(folder: Path, split: str = "train") -> dict[str, np.ndarray]:
    """The columns by name.

    Raises:
        DataMissing: there is no such file.
    """
    path = folder / FILE.format(split)
    if not path.is_file():
        raise DataMissing(f"{path}: not found; make it with `pocketshelf-train prepare wardrobe`")
    with np.load(path, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}
