"""Reading a catalogue file: CSV or JSON lines, with the number of the line in every error.

CSV columns: ``product_id,title,category,image`` and any others, kept as attributes; several pictures in
``image`` are parted by ``|``. In JSON lines ``image`` may be a list, further keys are attributes, and
``vectors`` (a list of lists of numbers) may stand in for pictures.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from sdk.errors import CatalogueError
from sdk.formats import quantize_vectors

__all__ = ["RowError", "SourceRow", "read_rows"]

NEEDED = ("product_id", "title", "category", "image")
PICTURE_SEPARATOR = "|"


@dataclass(frozen=True)
class RowError:
    """A row that could not be taken, by its line in the file (the first line is 1)."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class SourceRow:
    """A row as the file has it.

    Attributes:
        images: paths, relative to the images folder.
        vectors: int8 (n, D) if the file brings them, else None.
    """

    line: int
    product_id: str
    title: str
    category: str
    images: tuple[str, ...]
    attributes: dict[str, Any]
    vectors: np.ndarray | None = None


def read_rows(path: Path) -> Iterator[SourceRow | RowError]:
    """Every row of ``path`` (``.csv``, or ``.jsonl``/``.ndjson``), bad ones as `RowError`.

    Raises:
        CatalogueError: no such file, not UTF-8, another kind of file, or a column is missing.
    """
    readers: dict[str, Callable[[TextIO, str], Iterator[SourceRow | RowError]]] = {
        ".csv": _read_csv, ".jsonl": _read_json_lines, ".ndjson": _read_json_lines,
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise CatalogueError(f"{path}: give a .csv, .jsonl or .ndjson file")
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in reader(stream, str(path)):
                yield _once(row, seen)
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not UTF-8; save it as UTF-8") from error


def _once(row: SourceRow | RowError, seen: dict[str, int]) -> SourceRow | RowError:
    if isinstance(row, RowError):
        return row
    first = seen.setdefault(row.product_id, row.line)
    if first != row.line:
        return RowError(row.line, f"product_id {row.product_id!r} is on line {first} already")
    return row


def _read_csv(stream: TextIO, name: str) -> Iterator[SourceRow | RowError]:
    reader = csv.DictReader(stream, strict=True)
    missing = [column for column in NEEDED if column not in (reader.fieldnames or ())]
    if missing:
        raise CatalogueError(f"{name}: column {missing[0]!r} is missing; needed: {','.join(NEEDED)}")
    line = reader.line_num + 1
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            yield RowError(reader.line_num, str(error))
            line = reader.line_num + 1
            continue
        if record is None:
            return
        yield _from_csv(line, record)
        line = reader.line_num + 1


def _from_csv(line: int, record: dict[Any, Any]) -> SourceRow | RowError:
    if None in record:
        return RowError(line, "more fields than the header has; quote texts that hold commas")
    if None in record.values():
        return RowError(line, "fewer fields than the header has")
    images = tuple(part.strip() for part in record["image"].split(PICTURE_SEPARATOR) if part.strip())
    attributes = {key: value for key, value in record.items() if key not in NEEDED and value != ""}
    return _checked(SourceRow(line, *(record[key].strip() for key in NEEDED[:3]), images, attributes))


def _read_json_lines(stream: TextIO, name: str) -> Iterator[SourceRow | RowError]:
    for line, text in enumerate(stream, 1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield RowError(line, f"not JSON ({error})")
            continue
        yield _from_json(line, record) if isinstance(record, dict) else RowError(line, "not a JSON object")


def _from_json(line: int, record: dict[str, Any]) -> SourceRow | RowError:
    texts = [record.get("product_id"), record.get("title", ""), record.get("category")]
    if not all(isinstance(text, str) for text in texts):
        return RowError(line, "product_id, title and category must be texts")
    images = record.get("image") or []
    images = [images] if isinstance(images, str) else images
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        return RowError(line, "image must be a text or a list of texts")
    attributes = {key: value for key, value in record.items() if key not in (*NEEDED, "vectors")}
    try:
        vectors = _vectors(record["vectors"]) if "vectors" in record else None
    except (ValueError, TypeError, OverflowError) as error:
        return RowError(line, f"vectors: {error}")
    return _checked(SourceRow(line, *texts, tuple(images), attributes, vectors))  # type: ignore[arg-type]


def _vectors(given: Any) -> np.ndarray:
    vectors = np.asarray(given, dtype=np.float32)
    if vectors.ndim != 2 or not vectors.size:
        raise ValueError("must be a list of lists of numbers")
    if not np.any(vectors, axis=1).all():
        raise ValueError("one is all zero")
    return quantize_vectors(vectors)


def _checked(row: SourceRow) -> SourceRow | RowError:
    if not row.product_id:
        return RowError(row.line, "product_id is empty")
    if not row.category:
        return RowError(row.line, f"product {row.product_id!r} has no category")
    if not row.images and row.vectors is None:
        return RowError(row.line, f"product {row.product_id!r} has no image")
    return row
