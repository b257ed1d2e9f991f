"""The drawn sample as a demo's material."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from pocketshelf.demo.dataset import Dataset, Query
from pocketshelf.demo.studio import draw_sample

__all__ = ["NAME", "draw_dataset"]

NAME = "drawn (synthetic) garments"

_PRODUCTS = 60
_MOST_PHOTOS = 600


def draw_dataset(
    folder: str | Path, count: int | None, seed: int, progress: Callable[[int, int], None] | None = None
) -> Dataset:
    """Draw a shop into ``folder`` with ``count`` street photos of its garments (600 if None)."""
    photos = _MOST_PHOTOS if count is None else count
    sample = draw_sample(folder, _PRODUCTS, photos, seed, progress)
    with sample.queries.open(newline="", encoding="utf-8") as file:
        queries = tuple(_query(Path(folder), row) for row in csv.DictReader(file))
    return Dataset(NAME, True, sample.catalogue, Path(folder), queries, len(queries))


def _query(folder: Path, row: dict[str, str]) -> Query:
    x, y, w, h = (float(row[side]) for side in "xywh")
    return Query(folder / row["photo"], row["product_id"], (x, y, w, h))
