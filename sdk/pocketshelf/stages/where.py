"""Which products are wanted, by what the catalogue states: ``{"brand": ["Acme"], "size": ["M", "L"]}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from pocketshelf.stages.route import named_categories

__all__ = ["MAX_HITS", "Where", "Wish", "fits", "listed", "parse_where", "stated", "texts"]

# Attribute → the values of which it must have one, letters' case aside. Every attribute named must fit.
Where = Mapping[str, Sequence[str]]
MAX_HITS = 1000
# How exports write several values into one text: "XS, S, M" of a style, "Basic|Snug" of a choice.
_BLANKS = " \t\n\r"
_SEVERAL = re.compile(rf"\||,[{_BLANKS}]")
# A text of more characters lists none.
_LONGEST_LIST = 400
# So many hits the calibrations saw of every answer.
JUDGED = 10


@dataclass(frozen=True)
class Wish:
    """What a search asks for.

    Attributes:
        k: hits that are shown.
        categories: only these; all that the search chooses to look into if empty.
        everything: it chooses all.
    """

    k: int
    categories: tuple[str, ...]
    everything: bool
    where: Where

    @classmethod
    def of(
        cls, top_k: int, category: str | Sequence[str], counts: Iterable[str], where: Where | None
    ) -> Wish:
        """What the arguments of a search ask for in a store with the categories ``counts``.

        Raises:
            UsageError: the store has no such category.
            ValueError: ``top_k`` is out of range.
            TypeError: it is no integer, or as `named_categories` and `parse_where`.
        """
        if not isinstance(top_k, Integral):
            raise TypeError(f"top_k is an integer, not {top_k!r}")
        if not 1 <= top_k <= MAX_HITS:
            raise ValueError(f"top_k must lie in 1 to {MAX_HITS}")
        return cls(int(top_k), *named_categories(category, counts), parse_where(where))

    @property
    def depth(self) -> int:
        """Hits that are looked for: what stands first is judged by those behind it, however few are shown."""
        return max(self.k, JUDGED)

    @property
    def is_open(self) -> bool:
        """Whether no category was named."""
        return not self.categories


def parse_where(where: Mapping[str, Any] | None) -> Where:
    """What is asked for as `fits` reads it: a value alone is one of one, and a number its digits.

    Raises:
        TypeError: it does not name attributes with a value, or some, each.
    """
    if where is not None and not isinstance(where, Mapping):
        raise TypeError(f"where names attributes, as {{'brand': ['Acme']}}; it is no {type(where).__name__}")
    return {name: _values(name, value) for name, value in (where or {}).items()}


def _values(name: Any, value: Any) -> tuple[str, ...]:
    values = list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    for each in values:
        if not isinstance(name, str) or not isinstance(each, str | Real):
            raise TypeError(f"where names attributes and their values, not {name!r}: {each!r}")
    return tuple(texts(values))


def fits(attributes: Mapping[str, Any], where: Where) -> bool:
    """Whether a product with ``attributes`` is wanted; one that states nothing of what is asked is not."""
    return all(
        not {value.casefold() for value in wanted}.isdisjoint(stated(attributes.get(name)))
        for name, wanted in where.items()
    )


def texts(value: Any) -> Iterable[str]:
    """An attribute's values as they would be typed: one, or those of a list; 42.0 is 42."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    for each in values:
        if isinstance(each, bool):
            yield "true" if each else "false"
        elif isinstance(each, float) and each.is_integer():
            yield str(int(each))
        else:
            yield str(each).casefold()


def stated(value: Any) -> Iterable[str]:
    """`texts` of a product's attribute, and what each of them lists: M is stated by "XS, S, M" as well."""
    yield from texts(value)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield from (part.casefold() for part in listed(each))


def listed(text: str) -> list[str]:
    """The values that a text lists, as "XS, S, M" does; where it lists none, itself."""
    several = _SEVERAL.split(text) if len(text) <= _LONGEST_LIST else ()
    return [part for each in several if (part := each.strip(_BLANKS))] or [text]
