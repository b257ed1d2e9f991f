"""``pocketshelf-train mine figures``: pairs found among the grocery photos with their labels hidden.

Of all pairs of photos: precision is the share of those put into one cluster that show one product, recall the
share of those that show one product that are in one cluster.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf_training.data import grocery
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.mine.cluster import Settings, cluster
from pocketshelf_training.mine.expansion import expanded
from pocketshelf_training.mine.figures_page import page_of
from pocketshelf_training.mine.gain import gain_of, imagenet
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.rules import Cluster, Rules, describe, kept_labels
from pocketshelf_training.mine.vectors import Embedded, add_beside, embed_pictures, side_by_side
from pocketshelf_training.pages.page import add_bundle, add_write, publish

__all__ = ["Pairs", "add_arguments", "pair_figures", "run"]

REACHES = np.round(np.arange(0.05, 0.41, 0.01), 2)
SHOWN_REACHES = (0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16)
# The best on val of vectors as they are.
REACH_UNEXPANDED = 0.17


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos: said to be of one product, truly so, and both."""

    said: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        return self.both / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.both / max(self.said + self.true, 1)


def pair_figures(labels: np.ndarray, truth: np.ndarray) -> Pairs:
    """Count the pairs.

    Args:
        labels: int (n,) clusters, -1 for none.
        truth: (n,) of whatever tells products apart.
    """
    _, truth = np.unique(truth, return_inverse=True)
    found = labels >= 0
    both = labels[found].astype(np.int64) * (truth.max(initial=0) + 1) + truth[found]
    return Pairs(_pairs(labels[found]), _pairs(truth), _pairs(both))


def _pairs(names: np.ndarray) -> int:
    _, counts = np.unique(names, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_beside(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the pictures' vectors there")
    parser.add_argument(
        "--gain",
        type=Path,
        metavar="DIR",
        help="also what mined identities teach a linear projection of ImageNet's features, kept there",
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    add_write(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    encoders = [Encoder.open(bundle) for bundle in (args.bundle, *args.beside)]
    names = [encoder.bundle.name for encoder in encoders]
    hidden = {split: _Hidden.load(encoders, split, args.data, args.cache) for split in ("val", "test")}
    radius = max(REACHES, key=lambda reach: _dbscan(hidden["val"], reach).f1)
    figures: dict[str, Any] = {split: _measured(each, float(radius)) for split, each in hidden.items()}
    figures["bundles"] = names
    if len(names) > 1:
        alone = {split: replace(each, embedded=each.parts[0]) for split, each in hidden.items()}
        figures["alone"] = {split: _found(each) for split, each in alone.items()}
    if args.gain:
        figures["gain"] = gain_of(imagenet(args.data, args.gain))
    publish(page_of(figures), json.dumps(figures, indent=1), args.write, args.json)
    return 0


@dataclass(frozen=True)
class _Hidden:
    """A split's photos, and what was hidden from the mining.

    Attributes:
        embedded: by all bundles side by side; parts: by each.
    """

    embedded: Embedded
    parts: Sequence[Embedded]
    truth: np.ndarray
    categories: np.ndarray

    @classmethod
    def load(cls, encoders: Sequence[Encoder], split: str, root: str | None, cache: Path | None) -> _Hidden:
        samples = grocery.photos(split, root)
        pictures = [Picture(each.image, str(number)) for number, each in enumerate(samples)]
        parts = [embed_pictures(encoder, pictures, cache) for encoder in encoders]
        embedded = side_by_side(parts)
        read = [samples[int(each.name)] for each in embedded.pictures]
        return cls(
            embedded,
            parts,
            np.array([each.identity for each in read]),
            np.array([each.category for each in read]),
        )


def _dbscan(hidden: _Hidden, radius: float) -> Pairs:
    """Plain DBSCAN's pairs among all photos."""
    from sklearn.cluster import DBSCAN

    distances = np.clip(1.0 - hidden.embedded.vectors @ hidden.embedded.vectors.T, 0.0, 2.0)
    labels = DBSCAN(eps=radius, min_samples=2, metric="precomputed").fit_predict(distances)
    return pair_figures(labels, hidden.truth)


def _found(hidden: _Hidden, settings: Settings | None = None, rules: Rules | None = None) -> dict[str, float]:
    """The pair figures of what is kept."""
    _, clusters = _clusters(hidden, settings or Settings(), rules or Rules())
    return _figures(pair_figures(kept_labels(len(hidden.embedded), clusters), hidden.truth))


def _clusters(hidden: _Hidden, settings: Settings, rules: Rules) -> tuple[np.ndarray, list[Cluster]]:
    embedded = expanded(hidden.embedded, settings.expansion, settings.power)
    labels, categories = cluster(embedded, settings)
    return labels, describe(embedded, labels, categories, rules)


def _measured(hidden: _Hidden, radius: float) -> dict[str, Any]:
    labels, clusters = _clusters(hidden, Settings(), Rules())
    kept = kept_labels(len(hidden.embedded), clusters)
    return {
        "photos": len(hidden.embedded),
        "products": len(np.unique(hidden.truth)),
        "radius": radius,
        "dbscan": _figures(_dbscan(hidden, radius)),
        "not expanded": _found(hidden, Settings(expansion=0, reach=REACH_UNEXPANDED)),
        "without rules": _figures(pair_figures(labels, hidden.truth)),
        "with rules": _figures(pair_figures(kept, hidden.truth)),
        "clusters": sum(not each.dropped for each in clusters),
        "reaches": [(reach, _found(hidden, Settings(reach=reach))) for reach in SHOWN_REACHES],
        "dropped": _dropped(clusters, hidden.truth),
        "categories": dict(_by_category(hidden, labels, kept)),
    }


def _figures(pairs: Pairs) -> dict[str, float]:
    return {
        "precision": round(pairs.precision, 4),
        "recall": round(pairs.recall, 4),
        "F1": round(pairs.f1, 4),
        "pairs": pairs.said,
    }


def _dropped(clusters: Iterable[Cluster], truth: np.ndarray) -> list[dict[str, Any]]:
    """The clusters dropped, and the share of the most frequent product in each: 1 was dropped in vain."""
    return [
        {
            "rule": each.dropped,
            "category": each.category,
            "pictures": len(each.rows),
            "purity": round(
                float(np.unique(truth[each.rows], return_counts=True)[1].max() / len(each.rows)), 3
            ),
        }
        for each in clusters
        if each.dropped
    ]


def _by_category(hidden: _Hidden, labels: np.ndarray, kept: np.ndarray) -> Iterable[tuple[str, Any]]:
    """By the true category: pairs of a cluster that holds several count in none."""
    for name in np.unique(hidden.categories):
        rows = hidden.categories == name
        yield (
            str(name),
            {
                "photos": int(rows.sum()),
                "products": len(np.unique(hidden.truth[rows])),
                "without rules": _figures(pair_figures(labels[rows], hidden.truth[rows])),
                "with rules": _figures(pair_figures(kept[rows], hidden.truth[rows])),
            },
        )
