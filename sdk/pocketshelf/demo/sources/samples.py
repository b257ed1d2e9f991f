"""The drawn (synthetic) pictures that come with the package, by ``pocketshelf-train prepare samples``."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.demo.dataset import Dataset, Query, choose
from pocketshelf.demo.sources.folder import read_rows
from pocketshelf.shipped import shipped

__all__ = ["load_samples"]


def load_samples(count: int | None, seed: int, source: str) -> Dataset:
    """The shop, with ``count`` of its street photos drawn by ``seed``, all of them if None.

    Raises:
        CatalogueError: the package came without them.
    """
    folder = shipped("samples")
    queries = [_query(folder, row) for row in read_rows(folder / "queries.csv")]
    return Dataset(
        name="drawn (synthetic) garments",
        source=source,
        drawn=True,
        catalogue=folder / "catalogue.csv",
        images=folder,
        queries=tuple(choose(queries, count, seed)),
        available=len(queries),
    )


def _query(folder: Path, row: dict[str, str]) -> Query:
    x, y, w, h = (float(row[side]) for side in "xywh")
    return Query(folder / row["photo"], row["product_id"], (x, y, w, h))
