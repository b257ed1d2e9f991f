"""What --where asks for, as a store's catalogue words it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pocketshelf.stages.where import LONGEST_LIST, listed
from pocketshelf.store import Store

__all__ = ["worded"]

_TEXTS = """\
SELECT DISTINCT json_extract(attributes, ?1) FROM products
WHERE json_type(attributes, ?1) = 'text' AND length(json_extract(attributes, ?1)) <= ?2"""


def worded(store: Store, where: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """``where`` and, beside each value, the texts of ``store`` that list it: M is in "XS, S, M" as well.

    So shop systems write what a style's variants are; the kiosk's filters ask in the same way.

    Raises:
        StoreError: the store is damaged.
    """
    return {name: [*values, *_listing(store, name, values)] for name, values in where.items()}


def _listing(store: Store, name: str, values: Sequence[str]) -> list[str]:
    if '"' in name or not name.isprintable():  # SQLite has no path to the one, and takes no half characters.
        return []
    wanted = {value.casefold() for value in values}
    found = store.shard.query(_TEXTS, f'$."{name}"', LONGEST_LIST)
    parts = {text: listed(text) for (text,) in found}
    return [
        text
        for text, each in parts.items()
        if len(each) > 1 and not wanted.isdisjoint(part.casefold() for part in each)
    ]
