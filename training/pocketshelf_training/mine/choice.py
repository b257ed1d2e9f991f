"""How far clusters reach, chosen without the photos that are measured: by a rule that was stated beforehand.

Two kinds of photos are looked at. Split val is in the very space that is mined, but has about four photos
a product. Halves of split train have about sixteen, as a shelf's photos do, but the bundles were trained
on them: they are seen by ImageNet's features, through discriminant analysis fitted to the other half. Photos
of a product often come in rows that are nearly one photo, so that halves are drawn in blocks of neighbours.

The rule: of all settings, the one of the highest recall whose precision's lower bound is at least `WANTED`.
Val counts as much as all halves together. The bound is the 2.5th percentile of a bootstrap over categories,
each draw of which holds the same categories in val and in all halves.

First settings of vectors alone are tried; then, with the expansion and the mutual neighbours that the rule
takes of those, colours beside the vectors at every reach. The rule takes one of all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf_training.mine import pairs
from pocketshelf_training.mine.cluster import Settings, cluster, likely_categories
from pocketshelf_training.mine.expansion import prepared
from pocketshelf_training.mine.gain import Known, learnt, unit
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.rules import Rules, describe, kept_labels
from pocketshelf_training.mine.vectors import Embedded, embedded_of

__all__ = ["WANTED", "Hidden", "choice_of", "halves"]

WANTED = 0.92
SEEDS, BLOCKS, SHRINKAGE = 5, 4, 0.3
EXPANSIONS, POWERS, MUTUALS = (1, 2, 3, 5), (3.0, 5.0), (2, 3, 4)
REACHES = (0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16)
# Beside vectors, and how far they reach: what is alike differs by a little of its colours as well.
COLOURS, REACHES_OF_COLOURS = (0.1, 0.2, 0.3, 0.4, 0.5), (0.14, 0.15, 0.16, 0.17, 0.18, 0.19, 0.2, 0.21)
BEST = 5
NAMED = ("expansion", "power", "mutual", "colours", "reach")


@dataclass(frozen=True)
class Hidden:
    """Photos to mine, and what is hidden from the mining: products (n,) and their categories (n,)."""

    embedded: Embedded
    truth: np.ndarray
    categories: np.ndarray


def halves(
    train: Known, category_of: Mapping[str, str], palettes: Sequence[str] = (), seeds: int = SEEDS
) -> Iterator[Hidden]:
    """Both halves of each seed's drawing, each seen through the projection that the other half taught.

    Args:
        train: ImageNet's features of the photos, in the order in which they were taken.
        category_of: product → its category.
        palettes: of the photos' boxes, in that order.
    """
    for seed in range(seeds):
        first = _half(train.products, seed)
        yield _seen(train, ~first, first, category_of, palettes)
        yield _seen(train, first, ~first, category_of, palettes)


def _half(products: np.ndarray, seed: int) -> np.ndarray:
    """bool (n,): of each product's photos two of its four blocks, in their order."""
    rng, half = np.random.default_rng(seed), np.zeros(len(products), bool)
    for product in np.unique(products):
        blocks = np.array_split(np.flatnonzero(products == product), BLOCKS)
        for block in rng.permutation(BLOCKS)[: BLOCKS // 2]:
            half[blocks[block]] = True
    return half


def _seen(
    train: Known,
    known: np.ndarray,
    asked: np.ndarray,
    category_of: Mapping[str, str],
    palettes: Sequence[str],
) -> Hidden:
    """The ``asked`` photos by what the ``known`` ones teach; category shares are those of its products."""
    model = learnt(train.features[known], train.products[known], SHRINKAGE)
    names = sorted(set(category_of.values()))
    rows = unit(train.features)
    vectors = model.transform(rows[asked]) - model.transform(rows[known]).mean(0)
    columns = [names.index(category_of[product]) for product in model.classes_]
    shares = (model.predict_proba(rows[asked]) @ np.eye(len(names))[columns]).astype(np.float32)
    products = train.products[asked]
    pictures = [Picture(Path(str(row)), str(row)) for row in np.flatnonzero(asked)]
    categories = np.array([category_of[product] for product in products])
    own = [palettes[int(row)] for row in np.flatnonzero(asked)] if palettes else ()
    return Hidden(embedded_of(pictures, vectors, shares, names, own), products, categories)


@dataclass(frozen=True)
class _Tried:
    """What a setting finds: pairs by category (sets, c, 3), val's first."""

    settings: Settings
    found: np.ndarray

    def figures(self, drawn: np.ndarray) -> dict[str, Any]:
        whole = self.found.sum(1)
        bound = np.percentile(_weighted(pairs.precision(drawn @ self.found)), 2.5)
        shown = {name: getattr(self.settings, name) for name in NAMED}
        figures = {
            "precision": _weighted(pairs.precision(whole)),
            "bound": bound,
            "recall": _weighted(pairs.recall(whole)),
            "val": [pairs.precision(whole[0]), pairs.recall(whole[0])],
            "halves": [pairs.precision(whole[1:]).mean(), pairs.recall(whole[1:]).mean()],
        }
        return shown | {name: np.round(value, 4).tolist() for name, value in figures.items()}


def _weighted(shares: np.ndarray) -> np.ndarray:
    """Shares (sets, …) as one: val counts as much as all halves."""
    return shares[0] / 2 + shares[1:].mean(0) / 2


def choice_of(
    val: Hidden,
    train: Known,
    category_of: Mapping[str, str],
    palettes: Sequence[str] = (),
    seeds: int = SEEDS,
    log: Callable[[str], None] = lambda said: None,
) -> dict[str, Any]:
    """What the rule takes, the best settings that meet it, and what ships, by its reach.

    Args:
        palettes: of the boxes of train's photos; without, colours are not tried.

    Returns:
        "best": up to five settings with their figures, the first of which is the rule's choice (where none
        meets the bound, those of the highest bound); "alone": the rule's choice of vectors alone, than which
        the rule's choice has "gained" so much; "shipped": what `Settings` holds by default, at each reach;
        "sets": how many halves there were.
    """
    sets = [val, *halves(train, category_of, palettes, seeds)]
    names = sorted({str(name) for each in sets for name in np.unique(each.categories)})
    drawn = pairs.draws(len(names))
    alone: list[_Tried] = []
    beside: list[_Tried] = []
    for expansion, power in itertools.product(EXPANSIONS, POWERS):
        log(f"expansion {expansion}, power {power:g}")
        tried = [
            Settings(expansion=expansion, power=power, mutual=mutual, colours=0.0, reach=reach)
            for mutual, reach in itertools.product(MUTUALS, REACHES)
        ]
        alone += _tried(sets, names, tried)
    without = _by_rule(alone, drawn)[0]
    for colours in COLOURS if palettes else ():
        log(f"colours {colours:g}")
        tried = [replace(without.settings, colours=colours, reach=reach) for reach in REACHES_OF_COLOURS]
        beside += _tried(sets, names, tried)
    best = _by_rule([*alone, *beside], drawn)[:BEST]
    ours = [each for each in (*alone, *beside) if replace(each.settings, reach=Settings.reach) == Settings()]
    return {
        "wanted": WANTED,
        "sets": len(sets) - 1,
        "best": [each.figures(drawn) for each in best],
        "alone": without.figures(drawn),
        "gained": _gained(best[0], without, drawn),
        "shipped": [each.figures(drawn) for each in ours],
    }


def _by_rule(tried: Sequence[_Tried], drawn: np.ndarray) -> list[_Tried]:
    """What meets the bound, by recall; where nothing does, all, by how near they come to it."""
    figures = {each.settings: each.figures(drawn) for each in tried}
    enough = [each for each in tried if figures[each.settings]["bound"] >= WANTED]
    key = "recall" if enough else "bound"
    return sorted(enough or tried, key=lambda each: -figures[each.settings][key])


def _gained(one: _Tried, other: _Tried, drawn: np.ndarray) -> dict[str, list[float]]:
    """How much more precision and recall ``one`` has than ``other``, with intervals over categories."""
    gained = {}
    for name, share in (("precision", pairs.precision), ("recall", pairs.recall)):
        more = _weighted(share(drawn @ one.found)) - _weighted(share(drawn @ other.found))
        whole = _weighted(share(one.found.sum(1))) - _weighted(share(other.found.sum(1)))
        gained[name] = np.round([whole, *np.percentile(more, [2.5, 97.5])], 4).tolist()
    return gained


def _tried(sets: Sequence[Hidden], names: Sequence[str], tried: Sequence[Settings]) -> Iterator[_Tried]:
    """Settings that differ in nothing of which `prepared` makes vectors."""
    drawn = [replace(each, embedded=prepared(each.embedded, tried[0])) for each in sets]
    likely = [likely_categories(each.embedded, tried[0]) for each in drawn]
    for settings in tried:
        found = [_found(each, split, settings, names) for each, split in zip(drawn, likely, strict=True)]
        yield _Tried(settings, np.stack(found))


def _found(hidden: Hidden, likely: np.ndarray, settings: Settings, names: Sequence[str]) -> np.ndarray:
    labels, categories = cluster(hidden.embedded, settings, categories=likely)
    clusters = describe(hidden.embedded, labels, categories, Rules())
    kept = kept_labels(len(hidden.embedded), clusters)
    return pairs.by_category(kept, hidden.truth, hidden.categories, names)
