"""LookBench (Gao et al., 2026, arXiv 2601.14706): a subset's files as they are published.

A subset's folder (``v20251201/real_studio_flat``, ``aigen_studio``, ``real_streetlook``,
``aigen_streetlook``) holds ``query.parquet`` and ``gallery.parquet``; ``noise/gallery.parquet`` beside the
subsets is every subset's further gallery. A row has ``image`` ({"bytes", "path"}, or the bytes alone),
``item_ID``, ``category``, ``main_attribute``, ``other_attributes`` and more.

Traps handled: a query whose item no gallery picture shows stays (whoever asks sets it aside); the pictures
lie inside the tables and are written once to ``pictures/`` beside each, by number; noise is no item's
picture, so each has an identity of its own; queries are already the crops that the benchmark asks with, and
``bbox``, whose corners are not documented, is not read. A right answer here is the very item; the
benchmark's own Fine Recall takes any of the same category and attributes, so the two are not to be
compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pocketshelf.files import atomic_write
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing, Sample

__all__ = ["LICENCE", "SUBSETS", "load"]

LICENCE = "Apache-2.0"
SUBSETS = ("real_studio_flat", "aigen_studio", "real_streetlook", "aigen_streetlook")
DOMAIN_OF = {"query": "street", "gallery": "shop"}
# Rows read at once: with pictures of a hundred kB each, some megabytes.
ROWS = 64
PNG = b"\x89PNG"


def load(root: str | Path, noise: bool = True) -> list[Sample]:
    """The pictures of one subset, split "test", and the noise beside it as further gallery.

    Args:
        noise: whether to add it where it is there.

    Raises:
        DataMissing: no subset's folder; names the subsets.
        DataDamaged: a table cannot be read, or lacks a column or a picture.
    """
    root = Path(root)
    tables = {name: root / f"{name}.parquet" for name in DOMAIN_OF}
    if lost := [path for path in tables.values() if not path.is_file()]:
        raise DataMissing(f"{lost[0]}: not found; name one subset's folder, such as …/{SUBSETS[0]}")
    samples = [s for name, path in tables.items() for s in _table(path, DOMAIN_OF[name], "{}")]
    more = root.parent / "noise" / "gallery.parquet"
    if noise and more.is_file():
        samples += _table(more, "shop", "noise/{}")
    return samples


def _table(path: Path, domain: str, named: str) -> Iterator[Sample]:
    """Raises DataDamaged: not a table of the benchmark."""
    import pyarrow.parquet
    from pyarrow.lib import ArrowException

    folder = path.parent / "pictures" / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    try:
        table = pyarrow.parquet.ParquetFile(path)
        if lost := {"image", "item_ID", "category"} - set(table.schema_arrow.names):
            raise DataDamaged(
                f"{path}: no column {min(lost)}; there are {', '.join(table.schema_arrow.names)}"
            )
        number = 0
        for batch in table.iter_batches(ROWS):
            for row in batch.to_pylist():
                yield _sample(_written(folder, path, number, row), domain, named.format(row["item_ID"]), row)
                number += 1
    except (ArrowException, OSError) as error:
        raise DataDamaged(f"{path}: not a table that can be read ({error}); is the file cut?") from error


def _written(folder: Path, table: Path, number: int, row: dict[str, Any]) -> Path:
    """The row's picture as a file; one that is there already is not written again."""
    image = row["image"]
    content = image.get("bytes") if isinstance(image, dict) else image
    if not isinstance(content, bytes) or not content:
        raise DataDamaged(f"{table}: row {number} has no picture in its column image")
    path = folder / (f"{number:06}" + (".png" if content.startswith(PNG) else ".jpg"))
    if not path.is_file() or path.stat().st_size != len(content):
        with atomic_write(path) as file:
            file.write_bytes(content)
    return path


def _sample(picture: Path, domain: str, item: str, row: dict[str, Any]) -> Sample:
    said = {name: str(row[name]) for name in ("main_attribute", "difficulty") if row.get(name)}
    category = str(row["category"]) if row["category"] else None
    return Sample(picture, "test", domain, item, category, attributes=said, licence=LICENCE)
