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
    """Write the samples, which have an identity and a category; pictures are named from ``base`` on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for s in samples:
            image = Path(os.path.relpath(s.image.resolve(), base.resolve())).as_posix()
            writer.writerow([s.identity, s.identity, s.category, image, s.split])
