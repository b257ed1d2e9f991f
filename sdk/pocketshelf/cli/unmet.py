"""Why --where found nothing: what no product of the store states, and what they do state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pocketshelf.stages.colours import PALETTE
from pocketshelf.stages.where import Where, fits, listed, texts
from pocketshelf.store import Store

__all__ = ["unmet"]

# Names and values that a line lists at most.
SHOWN = 12


def unmet(store: Store, where: Where) -> Iterator[str]:
    """One line for each condition that no product of ``store`` meets; nothing where each is met by some.

    Raises:
        StoreError: the store is damaged.
    """
    lacking, stated = dict(where), dict[str, dict[str, None]]()
    for (text,) in store.shard.query("SELECT attributes FROM products"):
        attributes = json.loads(text)
        for name, value in attributes.items():
            values = stated.setdefault(name, {})
            if name in where and len(values) <= SHOWN:
                values.update(dict.fromkeys(each for text in texts(value) for each in listed(text)))
        lacking = {name: wanted for name, wanted in lacking.items() if not fits(attributes, {name: wanted})}
        if not lacking:
            return
    stated.pop(PALETTE, None)
    for name, wanted in lacking.items():
        yield f"no product of {store.folder.path} states {_asked(name, wanted)}; {_instead(name, stated)}"


def _asked(name: str, wanted: Sequence[str]) -> str:
    return " or ".join(f"{name}={value}" for value in wanted)


def _instead(name: str, stated: Mapping[str, Mapping[str, None]]) -> str:
    if name in stated:
        return f"of {name} there are {_listed(list(stated[name]))}"
    return f"what its products state: {_listed(sorted(stated)) or 'nothing'}"


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 40 else f"{name[:40]}…" for name in names[:SHOWN]]
    return ", ".join([*shown, "…"] if len(names) > SHOWN else shown)
