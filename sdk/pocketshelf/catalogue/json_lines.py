"""JSON lines, or a JSON list: a product a record, with the CSV's columns as keys.

``product_id``, ``title``, ``category``, ``image`` (a path or a list of them), and any others, which become
attributes and may be of any JSON type. ``vectors`` (a list of lists of numbers) may stand in for pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue.listing import Line, RowProblem
from pocketshelf.catalogue.pictures import picture_names
from pocketshelf.errors import CatalogueError
from pocketshelf.formats import strict_json
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.formats.product_rules import MAX_VECTORS, check_described

__all__ = ["read_json_lines", "read_json_list"]

KEYS = ("product_id", "title", "category", "image", "vectors")


def read_json_lines(
    lines: Iterable[tuple[int, str]], names: dict[str, tuple[str, ...]]
) -> Iterator[Line | RowProblem]:
    """What each line says, bad ones as `RowProblem`.

    Args:
        lines: numbered, without blank ones.
        names: of the keys, where they are called otherwise.
    """
    for line, record in lines:
        yield _from_text(line, record, names)


def read_json_list(text: str, path: Path, names: dict[str, tuple[str, ...]]) -> Iterator[Line | RowProblem]:
    """The same of a list of objects; its items are numbered in place of lines.

    Raises:
        CatalogueError: the file is no such list.
    """
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"{path}: not JSON ({error}); one object a line is called .jsonl") from error
    if isinstance(records, dict) and isinstance(records.get("products"), list):
        records = records["products"]
    if not isinstance(records, list):
        raise CatalogueError(f"{path}: must be a list of objects, each a product")
    for number, record in enumerate(records, 1):
        try:
            strict_json.check(record)
        except ValueError as error:
            yield RowProblem(number, str(error))
        else:
            yield _checked(number, record, names)


def _from_text(line: int, text: str, names: dict[str, tuple[str, ...]]) -> Line | RowProblem:
    try:
        record = strict_json.loads(text)
    except ValueError as error:
        return RowProblem(line, f"not JSON ({error})")
    return _checked(line, record, names)


def _checked(line: int, record: Any, names: dict[str, tuple[str, ...]]) -> Line | RowProblem:
    if not isinstance(record, dict):
        return RowProblem(line, "not a JSON object")
    for ours, theirs in names.items():
        given = [record.pop(name) for name in theirs if name in record]
        if given:
            record[ours] = given[0] if len(given) == 1 else given
    try:
        return _from_record(line, record)
    except (ValueError, TypeError, OverflowError) as error:
        return RowProblem(line, str(error))


def _from_record(line: int, record: dict[str, Any]) -> Line:
    product_id, title, category = (_text(record, key) for key in KEYS[:3])
    images = _images(record.get("image"))
    attributes = {key: value for key, value in record.items() if key not in KEYS and value is not None}
    # What the line leaves empty is not its own fault yet: another line may say it.
    check_described(product_id or "?", category or "?", title, None, attributes)
    vectors = None if record.get("vectors") is None else _vectors(record["vectors"])
    return Line(line, product_id, title, category, images, attributes, vectors)


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key, "")
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # An id that a program took for a number.
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text")
    value.encode()  # A lone surrogate could not be stored.
    return value.strip()


def _images(given: Any) -> tuple[str, ...]:
    images = [given] if isinstance(given, str) else given or []
    images = [image for image in images if image is not None] if isinstance(images, list) else images
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise ValueError("image must be a text or a list of texts")
    for image in images:
        image.encode()
    return picture_names(images[0]) if len(images) == 1 else tuple(i.strip() for i in images if i.strip())


def _vectors(given: Any) -> np.ndarray:
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_VECTORS:
        raise ValueError(f"vectors must be a list of 1 to {MAX_VECTORS} lists of numbers")
    vectors = np.asarray(given)
    if vectors.ndim != 2 or not vectors.size or vectors.dtype.kind not in "iuf":
        raise ValueError("vectors must be a list of lists of numbers, all as long")
    if not np.any(vectors, axis=1).all():
        raise ValueError("vectors: one is all zero")
    return quantize_vectors(vectors)
