"""Samples as a shop's catalogue: the CSV that ``pocketshelf build`` takes, one line a picture."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from pocketshelf_training.data.protocol import Sample

__all__ = ["write_catalogue"]

COLUMNS = ("product_id", "title", "category", "image", "split")


def write_catalogue(path: Path, samples: Iterable[Sample], base: Path) -> None:
    """Write the samples, which have an identity and a category; pictures are named from ``base`` on.

    Their split is written where they are of several: one alone tells nobody what to hold back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = list(samples)
    columns = COLUMNS if len({s.split for s in samples}) > 1 else COLUMNS[:-1]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for s in samples:
            image = Path(os.path.relpath(s.image.resolve(), base.resolve())).as_posix()
            writer.writerow([s.identity, s.identity, s.category, image, s.split][: len(columns)])
