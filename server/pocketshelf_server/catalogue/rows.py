"""Reading a catalogue file: CSV as the SDK reads it, or JSON lines; errors carry the line's number.

JSON lines have the CSV's columns as keys: ``product_id``, ``title``, ``category``, ``image`` (a path or a
list of them), and any others, which become attributes and may be of any JSON type. ``vectors`` (a list of
lists of numbers) may stand in for pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue.table import RowProblem, read_catalogue
from pocketshelf.errors import CatalogueError
from pocketshelf.formats import quantize_vectors
from pocketshelf.formats.product_rules import check_described

__all__ = ["SourceRow", "read_rows"]

KEYS = ("product_id", "title", "category", "image", "vectors")


@dataclass(frozen=True)
class SourceRow:
    """A product as the file has it.

    Attributes:
        line: where it is first named.
        images: (line, path relative to the images folder) of each picture.
        vectors: int8 (n, D) if the file brings them, else None.
    """

    line: int
    product_id: str
    title: str
    category: str
    images: tuple[tuple[int, str], ...]
    attributes: dict[str, Any]
    vectors: np.ndarray | None = None


def read_rows(path: Path) -> tuple[int, Iterator[SourceRow | RowProblem]]:
    """Every product of ``path`` (``.csv``, or ``.jsonl``/``.ndjson``), bad rows as `RowProblem`.

    Returns:
        how many there are, and they themselves.

    Raises:
        CatalogueError: no such file, not UTF-8, another kind of file, or a column is missing.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        rows = _read_csv(path)
        return len(rows), iter(rows)
    if suffix in (".jsonl", ".ndjson"):
        # Read twice: with their vectors the rows may be more than fits into memory.
        return sum(1 for _ in _lines(path)), _read_json_lines(path)
    raise CatalogueError(f"{path}: give a .csv, .tsv, .jsonl or .ndjson file")


def _read_csv(path: Path) -> list[SourceRow | RowProblem]:
    table = read_catalogue(path)
    products: dict[str, SourceRow] = {}
    for row in table.rows:
        known = products.get(row.product_id) or SourceRow(
            row.line, row.product_id, row.title, row.category, (), dict(row.attributes)
        )
        # Further lines of a product are further pictures of it.
        products[row.product_id] = replace(known, images=(*known.images, (row.line, row.image)))
    return [*table.problems, *map(_described, products.values())]


def _described(row: SourceRow) -> SourceRow | RowProblem:
    try:
        check_described(row.product_id, row.category, row.title, row.images[0][1], row.attributes)
    except ValueError as error:
        return RowProblem(row.line, str(error))
    return row


def _read_json_lines(path: Path) -> Iterator[SourceRow | RowProblem]:
    seen: dict[str, int] = {}
    for line, text in _lines(path):
        row = _from_text(line, text)
        if isinstance(row, SourceRow):
            first = seen.setdefault(row.product_id, line)
            if first != line:
                row = RowProblem(line, f"product_id {row.product_id!r} is on line {first} already")
        yield row


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            yield from ((line, text) for line, text in enumerate(stream, 1) if text.strip())
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not UTF-8; save it as UTF-8") from error


def _from_text(line: int, text: str) -> SourceRow | RowProblem:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        return RowProblem(line, f"not JSON ({error})")
    if not isinstance(record, dict):
        return RowProblem(line, "not a JSON object")
    try:
        return _from_record(line, record)
    except (ValueError, TypeError, OverflowError) as error:
        return RowProblem(line, str(error))


def _from_record(line: int, record: dict[str, Any]) -> SourceRow:
    product_id, title, category = (_text(record, key) for key in KEYS[:3])
    if not product_id or not category:
        raise ValueError("product_id and category must not be empty")
    images = _images(record.get("image"))
    vectors = _vectors(record["vectors"]) if "vectors" in record else None
    if not images and vectors is None:
        raise ValueError(f"product {product_id!r} has neither image nor vectors")
    attributes = {key: value for key, value in record.items() if key not in KEYS}
    pictures = tuple((line, image) for image in images)
    check_described(product_id, category, title, images[0] if images else None, attributes)
    return SourceRow(line, product_id, title, category, pictures, attributes, vectors)


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text")
    value.encode()  # A lone surrogate could not be stored.
    return value.strip()


def _images(given: Any) -> list[str]:
    images = [given] if isinstance(given, str) else given or []
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise ValueError("image must be a text or a list of texts")
    return images


def _vectors(given: Any) -> np.ndarray:
    vectors = np.asarray(given, dtype=np.float32)
    if vectors.ndim != 2 or not vectors.size:
        raise ValueError("vectors must be a list of lists of numbers")
    if not np.any(vectors, axis=1).all():
        raise ValueError("vectors: one is all zero")
    return quantize_vectors(vectors)
