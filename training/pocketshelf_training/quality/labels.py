"""Photos labelled by eye: ``labels.csv`` beside this file, names only.

Chosen by the extremes of measured signals and at random, looked at on contact sheets (110 to 256 pixels
wide), by one pair of eyes; a fault is what one would tell the photographer. ``worn``: somebody wears what is
shown, so that it can be said whether the whole body is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.quality import FAULTS
from pocketshelf_training.data.protocol import read_rows
from pocketshelf_training.quality.synthetic import UNKNOWN

__all__ = ["LabelledPhoto", "labelled_by_eye"]

FILE = Path(__file__).with_name("labels.csv")


@dataclass(frozen=True)
class LabelledPhoto:
    """One photo, and what is wrong with it.

    Attributes:
        name: its path from the data's root.
        faults: int8 (len(FAULTS),), as `pocketshelf_training.quality.synthetic.Example` has them.
        split: "val", where thresholds are chosen, or "test".
    """

    name: str
    faults: np.ndarray
    split: str


def labelled_by_eye(path: Path = FILE) -> list[LabelledPhoto]:
    """All of them, in the file's order.

    Raises:
        DataMissing: there is no such file.
        ValueError: a fault is unknown.
    """
    return [LabelledPhoto(row["photo"], _faults(row), row["split"]) for row in read_rows(path)]


def _faults(row: dict[str, str]) -> np.ndarray:
    labels = np.zeros(len(FAULTS), np.int8)
    if row["worn"] != "1":
        labels[FAULTS.index("not_full_body")] = UNKNOWN
    for code in filter(None, row["faults"].split("|")):
        labels[FAULTS.index(code)] = 1
    return labels
