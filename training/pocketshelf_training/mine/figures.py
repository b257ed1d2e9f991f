"""``pocketshelf-train mine figures``: pairs found among the grocery photos with their labels hidden.

Of all pairs of photos: precision is the share of those put into one cluster that show one product, recall the
share of those that show one product that are in one cluster.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf_training.data import grocery
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.mine.cluster import Settings, cluster
from pocketshelf_training.mine.gain import gain_of, imagenet
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.rules import Cluster, Rules, describe, kept_labels
from pocketshelf_training.mine.vectors import Embedded, embed_pictures
from pocketshelf_training.pages.page import add_bundle, add_write, joined, publish, table

__all__ = ["Pairs", "add_arguments", "pair_figures", "run"]

REACHES = np.round(np.arange(0.05, 0.41, 0.01), 2)


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
    encoder = Encoder.open(args.bundle)
    splits = {name: _Hidden.load(encoder, name, args.data, args.cache) for name in ("val", "test")}
    radius = max(REACHES, key=lambda reach: pair_figures(splits["val"].dbscan(reach), splits["val"].truth).f1)
    figures: dict[str, Any] = {name: _measured(each, float(radius)) for name, each in splits.items()}
    figures["bundle"] = encoder.bundle.name
    if args.gain:
        figures["gain"] = gain_of(imagenet(args.data, args.gain))
    publish(_page(figures), json.dumps(figures, indent=1), args.write, args.json)
    return 0


@dataclass(frozen=True)
class _Hidden:
    """A split's photos, and what was hidden from the mining."""

    embedded: Embedded
    truth: np.ndarray
    categories: np.ndarray

    @classmethod
    def load(cls, encoder: Encoder, split: str, root: str | None, cache: Path | None) -> _Hidden:
        samples = grocery.photos(split, root)
        pictures = [Picture(each.image, str(number)) for number, each in enumerate(samples)]
        embedded = embed_pictures(encoder, pictures, cache)
        read = [samples[int(each.name)] for each in embedded.pictures]
        return cls(
            embedded,
            np.array([each.identity for each in read]),
            np.array([each.category for each in read]),
        )

    def dbscan(self, radius: float) -> np.ndarray:
        """Plain DBSCAN's clusters of all photos."""
        from sklearn.cluster import DBSCAN

        distances = np.clip(1.0 - self.embedded.vectors @ self.embedded.vectors.T, 0.0, 2.0)
        return DBSCAN(eps=radius, min_samples=2, metric="precomputed").fit_predict(distances)


def _measured(hidden: _Hidden, radius: float) -> dict[str, Any]:
    labels, categories = cluster(hidden.embedded, Settings())
    clusters = describe(hidden.embedded, labels, categories, Rules())
    kept = kept_labels(len(hidden.embedded), clusters)
    return {
        "photos": len(hidden.embedded),
        "products": len(np.unique(hidden.truth)),
        "radius": radius,
        "dbscan": _figures(pair_figures(hidden.dbscan(radius), hidden.truth)),
        "without rules": _figures(pair_figures(labels, hidden.truth)),
        "with rules": _figures(pair_figures(kept, hidden.truth)),
        "clusters": sum(not each.dropped for each in clusters),
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


def _page(figures: dict[str, Any]) -> str:
    parts = [_head(figures), *(_split(name, figures[name]) for name in ("test", "val"))]
    return joined([*parts, _gain(figures["gain"])] if "gain" in figures else parts)


def _gain(gain: dict[str, Any]) -> str:
    rows = [("nothing", gain["none"]), ("mined identities", gain["mined"]), ("true labels", gain["true"])]
    text = _template("mining_gain.md").replace("{share}", f"{100 * gain['recovered']:.0f}")
    return text.replace("{table}", table(["learnt from", ">R@1"], rows))


def _head(figures: dict[str, Any]) -> str:
    return _template("mining.md").replace("{bundle}", figures["bundle"])


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _split(name: str, measured: dict[str, Any]) -> str:
    ways = (
        (f"plain DBSCAN, radius {measured['radius']:g} (best F1 on val)", "dbscan"),
        ("clusters, without rules", "without rules"),
        ("clusters, with rules", "with rules"),
    )
    rows = [(text, *_cells(measured[key]), measured[key]["pairs"]) for text, key in ways]
    parts = [
        f"### Split {name}: {measured['photos']} photos of {measured['products']} products\n",
        table(["", ">precision", ">recall", ">F1", ">pairs said"], rows),
        _said_of_rules(measured["dropped"]),
    ]
    if name == "test":
        parts += ["### By category, test\n", _category_table(measured["categories"])]
    return "\n".join(parts)


def _cells(figures: dict[str, float]) -> tuple[str, ...]:
    return tuple(f"{figures[key]:.3f}" for key in ("precision", "recall", "F1"))


def _said_of_rules(dropped: list[dict[str, Any]]) -> str:
    if not dropped:
        return "The rules dropped nothing.\n"
    rows = [(each["rule"], each["category"], each["pictures"], f"{each['purity']:.2f}") for each in dropped]
    head = ["dropped by", "category", ">pictures", ">share of its commonest product"]
    return table(head, rows)


def _category_table(categories: dict[str, Any]) -> str:
    rows = [
        (name, each["photos"], each["products"], *_cells(each["without rules"]), *_cells(each["with rules"]))
        for name, each in categories.items()
    ]
    plain, ruled = ("precision", "recall", "F1"), ("with rules: precision", "recall", "F1")
    return table(["category", ">photos", ">products", *(f">{n}" for n in (*plain, *ruled))], rows)
