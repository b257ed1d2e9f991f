"""Typed access to a JSON document from outside, with errors that name the field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pocketshelf.errors import PocketshelfError

__all__ = ["Fields"]

_REQUIRED: Any = object()
# Of a name in an error: the document chose it.
_LONGEST_NAME = 200


class Fields:
    """One JSON object; every getter raises ``error_type`` naming file and field when it does not fit.

    Args:
        document: what ``json.loads`` gave.
        where: the file's path, and the path of this object in it.
    """

    def __init__(self, document: Any, where: str, error_type: type[PocketshelfError]) -> None:
        self.where = where
        self._error_type = error_type
        if not isinstance(document, dict):
            raise error_type(f"{where}: must be a JSON object")
        self._document = document

    def error(self, key: str, problem: str) -> PocketshelfError:
        """The error to raise about ``key``."""
        return self._error_type(f"{self.where}: {_named(key)!r} {problem}")

    def has(self, key: str) -> bool:
        """Whether ``key`` is there and not null."""
        return self._document.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        """The names in the object."""
        return iter(self._document)

    def child(self, key: str) -> Fields:
        """The object at ``key``."""
        return Fields(self._get(key, _REQUIRED), f"{self.where}: {_named(key)}", self._error_type)

    def optional_child(self, key: str) -> Fields:
        """The object at ``key``; an empty one where it is absent or null."""
        return self.child(key) if self.has(key) else Fields({}, f"{self.where}: {key}", self._error_type)

    def mapping(self, key: str) -> dict[str, Any]:
        """The object at ``key`` as it stands."""
        return dict(self.child(key)._document)

    def children(self, key: str) -> Iterator[Fields]:
        """The objects of the list at ``key``."""
        values = self._get(key, _REQUIRED)
        if not isinstance(values, list):
            raise self.error(key, "must be a list")
        for i, value in enumerate(values):
            yield Fields(value, f"{self.where}: {key}[{i}]", self._error_type)

    def text(self, key: str) -> str:
        """A string that is not empty."""
        value = self._get(key, _REQUIRED)
        if not isinstance(value, str) or not value:
            raise self.error(key, "must be a text that is not empty")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string; None where it is absent, null or empty."""
        return None if self._document.get(key) in (None, "") else self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of distinct strings, not empty."""
        values = self._get(key, _REQUIRED)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(key, "must be a list of texts")
        if len(set(values)) != len(values):
            raise self.error(key, "names something twice")
        return tuple(values)

    def integer(self, key: str, low: int | None = None) -> int:
        """An integer, at least ``low``."""
        value = self._get(key, _REQUIRED)
        if isinstance(value, bool) or not isinstance(value, int) or (low is not None and value < low):
            raise self.error(key, "must be an integer" + ("" if low is None else f" of at least {low}"))
        return value

    def integers(self, key: str, low: int | None = None) -> tuple[int, ...]:
        """A list of at least two integers, each at least ``low``; strides and sizes are such."""
        values = self._get(key, _REQUIRED)
        if not isinstance(values, list) or len(values) < 2:
            raise self.error(key, "must be a list of at least two integers")
        parts = Fields({str(i): v for i, v in enumerate(values)}, f"{self.where}: {key}", self._error_type)
        return tuple(parts.integer(i, low) for i in parts)

    def number(
        self, key: str, default: float = _REQUIRED, low: float | None = None, high: float | None = None
    ) -> float:
        """A finite number within [low, high]."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise self.error(key, "must be a number")
        if (low is not None and value < low) or (high is not None and value > high):
            raise self.error(key, f"must lie in [{low}, {high}]")
        return float(value)

    def numbers(self, key: str, low: float | None = None, high: float | None = None) -> tuple[float, ...]:
        """A list of finite numbers, each within [low, high]."""
        values = self._get(key, _REQUIRED)
        if not isinstance(values, list):
            raise self.error(key, "must be a list of numbers")
        parts = Fields({str(i): v for i, v in enumerate(values)}, f"{self.where}: {key}", self._error_type)
        return tuple(parts.number(i, low=low, high=high) for i in parts)

    def _get(self, key: str, default: Any) -> Any:
        if key in self._document:
            return self._document[key]
        if default is _REQUIRED:
            raise self.error(key, "is missing")
        return default


def _named(key: str) -> str:
    return key if len(key) <= _LONGEST_NAME else f"{key[:_LONGEST_NAME]}…"


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # An integer beyond what a float holds.
        return False
