"""Text lists as data sets publish them: read line by line, every fault named by file and line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.errors import PocketshelfError
from pocketshelf_training.data.protocol import DataMissing

__all__ = ["DataDamaged", "Row", "first_existing", "read_counted", "read_json", "read_lines"]


class DataDamaged(PocketshelfError):
    """A data set's file does not say what its publisher documents; the message names file and line."""


@dataclass(frozen=True)
class Row:
    """One line of a list, split at blanks.

    Attributes:
        path, line: where it stands; lines count from 1.
        fields: its words.
    """

    path: Path
    line: int
    fields: list[str]

    def fault(self, text: str) -> DataDamaged:
        """The error to raise for this line."""
        return DataDamaged(f"{self.path}:{self.line}: {text}")

    def numbers(self, start: int, count: int | None = None) -> list[float]:
        """The fields from ``start`` on, ``count`` of them or all, as numbers.

        Raises:
            DataDamaged: too few of them, or one is no number.
        """
        words = self.fields[start:] if count is None else self.fields[start : start + count]
        if count is not None and len(words) < count:
            raise self.fault(f"{len(words)} numbers where {count} belong")
        try:
            return [float(word) for word in words]
        except ValueError as error:
            raise self.fault(f"not a number: {_stranger(words)!r}") from error

    def require(self, name: str, **lists: Collection[str]) -> None:
        """Raises DataDamaged: ``name`` is missing from one of the ``lists`` (by their files)."""
        for file, known in lists.items():
            if name not in known:
                raise self.fault(f"{name} is not in {file}.txt")

    def choice(self, index: int, allowed: Collection[str], what: str) -> str:
        """The field at ``index``, one of ``allowed``.

        Raises:
            DataDamaged: it is missing or another word.
        """
        word = self.fields[index] if -len(self.fields) <= index < len(self.fields) else "nothing"
        if word not in allowed:
            raise self.fault(f"{what} is {word!r}, not one of {', '.join(allowed)}")
        return word


def _stranger(words: list[str]) -> str:
    """The first word that is no number."""
    for word in words:
        try:
            float(word)
        except ValueError:
            return word
    return ""


def first_existing(root: Path, *candidates: str) -> Path:
    """The first of ``candidates`` (paths below ``root``) that is there; archives unpack in several ways.

    Raises:
        DataMissing: none is; the message lists where it was looked for.
    """
    for candidate in candidates:
        if (root / candidate).exists():
            return root / candidate
    raise DataMissing(f"{root}: holds none of {', '.join(candidates)}; is this the data set's own folder?")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DataDamaged: it is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise DataDamaged(f"{path}:{line}: not JSON; is the file cut?") from error


def read_lines(path: Path, skip: int = 0) -> Iterator[Row]:
    """The lines that are not blank, after the first ``skip``."""
    if not path.is_file():
        raise DataMissing(f"{path}: not found; is the data set unpacked whole?")
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, text in enumerate(stream, 1):
            fields = text.split()
            if number > skip and fields:
                yield Row(path, number, fields)


def read_counted(path: Path, least: int) -> tuple[list[str], list[Row]]:
    """A list whose first line counts the rows and whose second names their entries, as DeepFashion has them.

    Args:
        least: fields that every row must have.

    Returns:
        The entries' names and the rows.

    Raises:
        DataDamaged: no count, a row too short, or rows missing at the end (a cut download).
    """
    rows = list(read_lines(path))
    if not rows or not rows[0].fields[0].isdigit():
        raise DataDamaged(f"{path}:1: the first line must count the rows")
    names, body = rows[1].fields if len(rows) > 1 else [], rows[2:]
    for row in body:
        if len(row.fields) < least:
            raise row.fault(f"{len(row.fields)} fields where at least {least} belong")
    if len(body) != int(rows[0].fields[0]):
        raise DataDamaged(
            f"{path}:1: promises {rows[0].fields[0]} rows, {len(body)} follow; is the file cut?"
        )
    return names, body
