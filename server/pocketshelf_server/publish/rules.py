"""Shard rules: which products of the catalogue a shard holds.

In ``config.json``, under "shards", by the shard's name::

    {"rule": "all"}
    {"rule": "category", "values": ["Apple", "Pear"]}
    {"rule": "top", "column": "popularity", "count": 20000}
    {"rule": "assortment", "file": "berlin.txt"}            one product_id a line; relative to the site
    {"rule": "attribute", "column": "locale", "values": ["de", "at"]}

"top" takes the largest numbers of a column first, then product_id; products without a number come last
and are left out when ``count`` is reached. An attribute may hold one value or a list of them.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pocketshelf.errors import CatalogueError, reason
from pocketshelf_server.catalogue import Entry

__all__ = ["Rule", "parse_rule"]

Rule = Callable[[Iterable[Entry]], Iterable[Entry]]
"""From every product of the catalogue, in order of product_id, to the shard's, in the same order."""

# "12,5" and "1.234,50"; not "1,234", which is a thousand and more to others.
DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})")
# A shard's name becomes part of a URL and of a file name on the device.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def parse_rule(name: str, spec: dict[str, Any], folder: Path) -> Rule:
    """Make the rule of shard ``name`` from its ``config.json`` entry.

    Args:
        folder: the site; assortment files are relative to it.

    Raises:
        CatalogueError: a bad name, an unknown rule or option, or a value of the wrong type.
    """
    if not NAME.fullmatch(name):
        raise CatalogueError(f"shard {name!r}: use 1 to 64 plain letters, digits, '.', '_' and '-'")
    makers: dict[str, tuple[set[str], Callable[..., Rule]]] = {
        "all": (set(), _all),
        "category": ({"values"}, _category),
        "top": ({"column", "count"}, _top),
        "assortment": ({"file"}, lambda file: _assortment(folder / _text("file", file))),
        "attribute": ({"column", "values"}, _attribute),
    }
    options = {key: value for key, value in spec.items() if key != "rule"}
    kind = spec.get("rule")
    if not isinstance(kind, str) or kind not in makers:
        raise CatalogueError(f"shard {name!r}: rule {kind!r} is none of {', '.join(makers)}")
    wanted, make = makers[kind]
    if set(options) != wanted:
        names = ", ".join(sorted(wanted)) or "no options"
        raise CatalogueError(
            f"shard {name!r}: rule {kind!r} takes {names}, not {', '.join(sorted(options)) or 'none'}"
        )
    try:
        return make(**options)
    except (TypeError, ValueError) as error:
        raise CatalogueError(f"shard {name!r}: {error}") from error


def _all() -> Rule:
    return iter


def _category(values: list[str]) -> Rule:
    wanted = set(_texts(values))
    return lambda entries: (entry for entry in entries if entry.category in wanted)


def _attribute(column: str, values: list[Any]) -> Rule:
    column = _text("column", column)
    wanted = set(_texts(values))

    def choose(entries: Iterable[Entry]) -> Iterable[Entry]:
        return (entry for entry in entries if wanted & _as_texts(entry.attributes.get(column)))

    return choose


def _top(column: str, count: int) -> Rule:
    column = _text("column", column)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError("count must be a whole number from 1")

    def choose(entries: Iterable[Entry]) -> list[Entry]:
        # The catalogue may be large: keep `count` of it, not all.
        ranked = heapq.nsmallest(
            count, entries, key=lambda e: (-_number(e.attributes.get(column)), e.product_id)
        )
        return sorted(ranked, key=lambda entry: entry.product_id)

    return choose


def _assortment(path: Path) -> Rule:
    def choose(entries: Iterable[Entry]) -> Iterable[Entry]:
        # Read at every publication: the file is the store's to change.
        try:
            wanted = set(path.read_text(encoding="utf-8").split("\n"))
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"{path}: the assortment cannot be read ({reason(error)})") from error
        wanted = {line.strip() for line in wanted} - {""}
        return (entry for entry in entries if entry.product_id in wanted)

    return choose


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{name} must be a text that is not empty")
    return value


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not values:
        raise ValueError("values must be a list that is not empty")
    if any(value is None or isinstance(value, dict | list) for value in values):
        raise ValueError("values must be texts or numbers")
    return [str(value) for value in values]


def _as_texts(value: Any) -> set[str]:
    if value is None:
        return set()
    return {str(item) for item in value} if isinstance(value, list) else {str(value)}


def _number(value: Any) -> float:
    """Also of a text with a decimal comma, as half of the world's spreadsheets write it."""
    if isinstance(value, str) and DECIMAL_COMMA.fullmatch(value.strip()):
        value = value.replace(".", "").replace(",", ".")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return -math.inf
    return number if math.isfinite(number) else -math.inf
