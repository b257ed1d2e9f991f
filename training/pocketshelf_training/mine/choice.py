"""How far clusters reach, chosen without the photos that are measured: by a rule that was stated beforehand.

Two kinds of photos are looked at. Split val is in the very space that is mined, but has about four photos
a product. Halves of split train have about sixteen, as a shelf's photos do, but the bundles were trained
on them: they are seen by ImageNet's features, through discriminant analysis fitted to the other half. Photos
of a product often come in rows that are nearly one photo, so that halves are drawn in blocks of neighbours.

The rule: of all settings, the one of the highest recall whose precision's lower bound is at least `WANTED`.
Val counts as much as all halves together. The bound is the 2.5th percentile of a bootstrap over categories,
each draw of which holds the same categories in val and in all halves.
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
from pocketshelf_training.mine.expansion import expanded
from pocketshelf_training.mine.gain import Known, learnt, unit
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.rules import Rules, describe, kept_labels
from pocketshelf_training.mine.vectors import Embedded, embedded_of

__all__ = ["WANTED", "Hidden", "choice_of", "halves"]

WANTED = 0.92
SEEDS, BLOCKS, SHRINKAGE = 5, 4, 0.3
EXPANSIONS, POWERS, MUTUALS = (2, 3, 5), (3.0, 5.0), (2, 3)
REACHES = (0.08, 0.09, 0.1, 0.11, 0.12, 0.13, 0.14)
BEST = 5


@dataclass(frozen=True)
class Hidden:
    """Photos to mine, and what is hidden from the mining: products (n,) and their categories (n,)."""

    embedded: Embedded
    truth: np.ndarray
    categories: np.ndarray


def halves(train: Known, category_of: Mapping[str, str], seeds: int = SEEDS) -> Iterator[Hidden]:
    """Both halves of each seed's drawing, each seen through the projection that the other half taught.

    Args:
        train: ImageNet's features of the photos, in the order in which they were taken.
        category_of: product → its category.
    """
    for seed in range(seeds):
        first = _half(train.products, seed)
        yield _seen(train, ~first, first, category_of)
        yield _seen(train, first, ~first, category_of)


def _half(products: np.ndarray, seed: int) -> np.ndarray:
    """bool (n,): of each product's photos two of its four blocks, in their order."""
    rng, half = np.random.default_rng(seed), np.zeros(len(products), bool)
    for product in np.unique(products):
        blocks = np.array_split(np.flatnonzero(products == product), BLOCKS)
        for block in rng.permutation(BLOCKS)[: BLOCKS // 2]:
            half[blocks[block]] = True
    return half


def _seen(train: Known, known: np.ndarray, asked: np.ndarray, category_of: Mapping[str, str]) -> Hidden:
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
    return Hidden(embedded_of(pictures, vectors, shares, names), products, categories)


@dataclass(frozen=True)
class _Tried:
    """What a setting finds: pairs by category (sets, c, 3), val's first."""

    settings: Settings
    found: np.ndarray

    def figures(self, drawn: np.ndarray) -> dict[str, Any]:
        whole = self.found.sum(1)
        bound = np.percentile(_weighted(pairs.precision(drawn @ self.found)), 2.5)
        shown = {name: getattr(self.settings, name) for name in ("expansion", "power", "mutual", "reach")}
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
    seeds: int = SEEDS,
    log: Callable[[str], None] = lambda said: None,
) -> dict[str, Any]:
    """What the rule takes, the best settings that meet it, and what ships, by its reach.

    Returns:
        "best": up to five settings with their figures, the first of which is the rule's choice (where none
        meets the bound, those of the highest bound); "shipped": what `Settings` holds by default, at each
        reach; "sets": how many halves there were.
    """
    sets = [val, *halves(train, category_of, seeds)]
    names = sorted({str(name) for each in sets for name in np.unique(each.categories)})
    drawn = pairs.draws(len(names))
    figures = []
    for expansion, power in itertools.product(EXPANSIONS, POWERS):
        log(f"expansion {expansion}, power {power:g}")
        figures += [each.figures(drawn) for each in _tried(sets, names, expansion, power)]
    enough = [each for each in figures if each["bound"] >= WANTED]
    # Where none meets the bound, those that come nearest to it.
    key = "recall" if enough else "bound"
    best = sorted(enough or figures, key=lambda each: -each[key])
    ours = {name: getattr(Settings(), name) for name in ("expansion", "power", "mutual")}
    shipped = [each for each in figures if ours.items() <= each.items()]
    return {"wanted": WANTED, "sets": len(sets) - 1, "best": best[:BEST], "shipped": shipped}


def _tried(sets: Sequence[Hidden], names: Sequence[str], expansion: int, power: float) -> Iterator[_Tried]:
    drawn = [replace(each, embedded=expanded(each.embedded, expansion, power)) for each in sets]
    likely = [likely_categories(each.embedded, Settings()) for each in drawn]
    for mutual, reach in itertools.product(MUTUALS, REACHES):
        settings = Settings(expansion=expansion, power=power, mutual=mutual, reach=reach)
        found = [_found(each, split, settings, names) for each, split in zip(drawn, likely, strict=True)]
        yield _Tried(settings, np.stack(found))


def _found(hidden: Hidden, likely: np.ndarray, settings: Settings, names: Sequence[str]) -> np.ndarray:
    labels, categories = cluster(hidden.embedded, settings, categories=likely)
    clusters = describe(hidden.embedded, labels, categories, Rules())
    kept = kept_labels(len(hidden.embedded), clusters)
    return pairs.by_category(kept, hidden.truth, hidden.categories, names)
