"""What a catalogue's further columns are good for: facets to narrow a search by, and barcodes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pocketshelf.formats.shard import Shard
from pocketshelf.kiosk.desk.barcodes import is_code_name, keys_of
from pocketshelf.stages.colours import PALETTE
from pocketshelf.stages.where import listed

__all__ = ["Facet", "Facets", "facets_of", "read_facets"]

# An attribute with one value narrows nothing, one with very many is a description or a number.
FEWEST, MOST = 2, 60
SHOWN = 12
# Of all products: what fewer state would hide most of the shelf.
LEAST_COVERAGE = 0.2
MOST_FACETS = 8
LONGEST_VALUE = 60
LITTLE = 0.1
_YES_NO = frozenset({"yes", "no", "true", "false", "0", "1", "y", "n", "ja", "nein", "是", "否"})
_BROKEN = re.compile(r"[^\d]{0,4}-?\d+[.,]\d+[^\d]{0,4}")
_AMOUNT = re.compile(r"price|cost|msrp|weight|stock|quantity|qty|preis|gewicht|价", re.IGNORECASE)
Facet = tuple[str, list[tuple[str, int]]]


@dataclass
class Facets:
    """What one pass over a shelf finds.

    Attributes:
        facets: (attribute, [(value, products), …]), those that narrow most first.
        codes: barcode, as `keys_of` writes it → product.
    """

    facets: list[Facet] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)


def read_facets(shard: Shard) -> Facets:
    """Count the attributes of all products of a shelf.

    Raises:
        StoreError: the shard is damaged.
    """
    return facets_of(_attributes(shard))


def facets_of(products: Iterable[tuple[str, dict[str, Any]]]) -> Facets:
    """Count the attributes of (product's id, attributes)."""
    found, total = Facets(), 0
    counters: dict[str, Counter[str]] = {}
    stating: Counter[str] = Counter()
    for product_id, attributes in products:
        total += 1
        for name, value in attributes.items():
            if name == PALETTE:
                continue
            if is_code_name(name):
                for key in keys_of(value):
                    found.codes.setdefault(key, product_id)
            elif texts := _texts(value):
                stating[name] += 1
                parts = dict.fromkeys(part for text in texts for part in listed(text))
                _count(counters.setdefault(name, Counter()), list(parts))
    chosen = [name for name in stating if _is_facet(name, counters[name], stating[name], total)]
    chosen.sort(key=lambda name: (-_worth(counters[name], stating[name] / total), name))
    found.facets = [(name, counters[name].most_common(SHOWN)) for name in chosen[:MOST_FACETS]]
    return found


def _attributes(shard: Shard) -> Iterator[tuple[str, dict[str, Any]]]:
    for product_id, text in shard.query("SELECT product_id, attributes FROM products ORDER BY product_id"):
        attributes = json.loads(text)
        if isinstance(attributes, dict):
            yield product_id, attributes


def _count(counter: Counter[str], texts: Iterable[str]) -> None:
    # Beyond that it is no facet; counting on would only take memory.
    if len(counter) <= MOST:
        counter.update(texts)


def _is_facet(name: str, counter: Counter[str], stating: int, total: int) -> bool:
    return (
        FEWEST <= len(counter) <= MOST
        and stating >= LEAST_COVERAGE * total
        and max(map(len, counter)) <= LONGEST_VALUE
        and not _is_amount(name, counter)
    )


def _is_amount(name: str, counter: Counter[str]) -> bool:
    """Whether these are prices, weights and the like: nobody asks for exactly 9.99. Sizes stay."""
    broken = sum(_BROKEN.fullmatch(value) is not None for value in counter)
    return _AMOUNT.search(name) is not None or 2 * broken > len(counter)


def _worth(counter: Counter[str], coverage: float) -> float:
    """How far an attribute narrows a shelf: the share that states it, times how unlike two products are.

    Unlike: the chance that they state different values (Gini and Simpson's index). Yes and no come last.
    """
    total = counter.total()
    unlike = 1.0 - sum((count / total) ** 2 for count in counter.values())
    return coverage * unlike * (LITTLE if _YES_NO.issuperset(map(str.casefold, counter)) else 1.0)


def _texts(value: Any) -> list[str]:
    """As `--where` compares them: 42.0 is 42, and a list states each of its values."""
    values = value if isinstance(value, list) else [value]
    told = [_text(each) for each in values if isinstance(each, str | int | float)]
    return list(dict.fromkeys(filter(None, told)))


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
