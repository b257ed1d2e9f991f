"""Who asks what gallery for products that no training saw: the published sets as their papers do, a shop's
whole.

The queries are of one split. A shop's own gallery is whole, whatever the split: it sells all of it. Of the
published sets whose pictures are split, the gallery is of the same split, and Street2Shop is searched
within a category.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery, shop
from pocketshelf_training.data.catalog import DATA_SETS, load_given, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.searches import Search, choose

__all__ = ["SETS", "SHOPS", "UnseenSet", "asked_of", "load_set", "searches_of"]


class UnseenSet(NamedTuple):
    """How a data set is asked.

    Attributes:
        own_split: the gallery is of the queries' split; else it is whole.
        within: one search a category.
        split: the queries' where none is asked for.
    """

    own_split: bool = False
    within: bool = False
    split: str = "test"


SETS = {
    "shop": UnseenSet(),
    "grocery": UnseenSet(),
    "pairs": UnseenSet(split="all"),
    "csv": UnseenSet(split="all"),
    "composites": UnseenSet(),
    "studio": UnseenSet(),
    "deepfashion-inshop": UnseenSet(own_split=True),
    "deepfashion-consumer": UnseenSet(own_split=True),
    "deepfashion2": UnseenSet(own_split=True, split="val"),
    "street2shop": UnseenSet(own_split=True, within=True),
    "stanford-online-products": UnseenSet(own_split=True),
    "stanford-mobile-visual-search": UnseenSet(),
    "demo-shops": UnseenSet(),
    "lookbench": UnseenSet(),
}


# Real photos and the shop's pictures at hand, by what pages call them.
SHOPS = {"groceries": grocery.load, "shop": shop.load}


def asked_of(name: str, split: str, root: str | None) -> tuple[list[Sample], list[Sample]]:
    """The pictures of all products of one of `SHOPS`, and the photos of a split that ask."""
    samples = SHOPS[name](root)
    gallery = [s for s in samples if s.domain == "shop" and s.identity and s.category]
    return gallery, [s for s in samples if s.domain == "street" and s.split == split]


def load_set(given: str, root: str | None) -> tuple[str, str, list[Sample]]:
    """What ``NAME[=FOLDER]`` is called in a table, its name, and its pictures.

    Raises:
        UsageError: no such set, or one that has nothing to search; lists what there is.
        DataMissing, DataDamaged: it cannot be read.
    """
    name, _, folder = given.partition("=")
    if name not in SETS:
        raise UsageError(f"--set {given}: there are {', '.join(map(_written, SETS))}")
    _, samples = load_given(given, root)
    parts = [part for part in folder.replace("\\", "/").split("/") if part]
    of = f": {parts[-1]}" if parts and parts[-1] != name else ""
    return shown_name(name) + of, name, samples


def _written(name: str) -> str:
    return name if DATA_SETS[name].root == "shared" else f"{name}=DIR"


def searches_of(name: str, samples: Sequence[Sample], split: str | None) -> tuple[list[Search], str]:
    """The searches of a set, one or one a category, and the split that asks.

    Args:
        split: "all" for every query; None for the set's usual one.

    Raises:
        UsageError: no query of the split has a right picture; names the splits that have.
    """
    how, split = SETS[name], split or SETS[name].split
    asking = [s for s in samples if split in ("all", s.split)]
    gallery = asking if how.own_split else samples
    groups = sorted({s.category or "" for s in asking}) if how.within else [None]
    found = []
    for group in groups:
        mine = [s for s in asking if group is None or (s.category or "") == group]
        theirs = [s for s in gallery if group is None or (s.category or "") == group]
        found += choose(theirs, mine)[:1]
    if not found:
        asked = sorted({s.split for s in samples if s.domain == "street"} or {s.split for s in samples})
        raise UsageError(f"{name}: no queries of split {split}; there are {', '.join(asked)}, and all")
    return found, split
