"""``pocketshelf-train mine figures``: pairs found among the grocery photos with their labels hidden."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.mine.choice import Hidden, choice_of
from pocketshelf_training.mine.cluster import ALONE, Settings, cluster
from pocketshelf_training.mine.expansion import add_colours, prepared, settings_of
from pocketshelf_training.mine.figures_page import page_of
from pocketshelf_training.mine.gain import Known, gain_of, imagenet
from pocketshelf_training.mine.pairs import Pairs, by_category, intervals, pair_figures
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.rules import Cluster, Rules, describe, kept_labels
from pocketshelf_training.mine.showing import at_a_glance
from pocketshelf_training.mine.vectors import Embedded, add_beside, embed_pictures, side_by_side
from pocketshelf_training.pages.page import add_bundle, add_write, publish
from pocketshelf_training.pages.provenance import here

__all__ = ["add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

REACHES = np.round(np.arange(0.05, 0.41, 0.01), 2)
SHOWN_REACHES = (0.07, 0.1, 0.13, 0.16, 0.19, 0.22)
# The best on val of vectors as they are.
REACH_UNEXPANDED = 0.17


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_beside(parser)
    add_colours(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the pictures' vectors there")
    parser.add_argument(
        "--gain",
        type=Path,
        metavar="DIR",
        help="also how settings were chosen, and what mined identities teach a linear projection: by "
        "ImageNet's features, kept there",
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    add_write(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    encoders = [Encoder.open(bundle) for bundle in (args.bundle, *args.beside)]
    loaded = {split: _load(encoders, split, args.data, args.cache) for split in ("val", "test")}
    hidden = {split: both for split, (both, _) in loaded.items()}
    radius = max(REACHES, key=lambda reach: _dbscan(hidden["val"], reach).f1)
    settings = settings_of(args.colours)
    figures: dict[str, Any] = {
        split: _measured(each, float(radius), settings) for split, each in hidden.items()
    }
    figures |= {"colours": settings.colours, "reach": settings.reach, "reach alone": ALONE.reach}
    figures |= {**here(), "bundles": [encoder.bundle.name for encoder in encoders]}
    if len(encoders) > 1:
        figures["alone"] = {split: _found(first, settings) for split, (_, first) in loaded.items()}
    if args.gain:
        known = imagenet(args.data, args.gain)
        category_of = {str(each.identity): str(each.category) for each in grocery.photos("train", args.data)}
        palettes = _palettes(encoders[0], args.data, args.cache, known["train"])
        figures["choice"] = choice_of(hidden["val"], known["train"], category_of, palettes, log=log.info)
        figures["gain"] = gain_of(known)
    publish(page_of(figures), json.dumps(figures, indent=1), args.write, args.json)
    return 0


def _load(
    encoders: Sequence[Encoder], split: str, root: str | None, cache: Path | None
) -> tuple[Hidden, Hidden]:
    """A split's photos, by all bundles side by side and by the first alone."""
    samples = grocery.photos(split, root)
    pictures = [Picture(each.image, str(number)) for number, each in enumerate(samples)]
    parts = [embed_pictures(encoder, pictures, cache) for encoder in encoders]
    return _hidden(side_by_side(parts), samples), _hidden(parts[0], samples)


def _palettes(encoder: Encoder, root: str | None, cache: Path | None, train: Known) -> tuple[str, ...]:
    """Of the boxes of train's photos, in their order.

    Raises:
        ValueError: a photo could be read by one decoder alone.
    """
    pictures = [Picture(each.image, str(n)) for n, each in enumerate(grocery.photos("train", root))]
    found = embed_pictures(encoder, pictures, cache).palettes
    if len(found) != len(train.products):
        raise ValueError(f"{len(train.products)} of train's photos have features, {len(found)} a palette")
    return found


def _hidden(embedded: Embedded, samples: Sequence[Sample]) -> Hidden:
    read = [samples[int(each.name)] for each in embedded.pictures]
    return Hidden(
        embedded,
        np.array([each.identity for each in read]),
        np.array([each.category for each in read]),
    )


def _dbscan(hidden: Hidden, radius: float) -> Pairs:
    """Plain DBSCAN's pairs among all photos."""
    from sklearn.cluster import DBSCAN

    distances = np.clip(1.0 - hidden.embedded.vectors @ hidden.embedded.vectors.T, 0.0, 2.0)
    labels = DBSCAN(eps=radius, min_samples=2, metric="precomputed").fit_predict(distances)
    return pair_figures(labels, hidden.truth)


def _found(hidden: Hidden, settings: Settings) -> dict[str, Any]:
    """The pair figures of what is kept."""
    _, clusters = _clusters(hidden, settings, Rules())
    return _with_intervals(hidden, kept_labels(len(hidden.embedded), clusters))


def _with_intervals(hidden: Hidden, labels: np.ndarray) -> dict[str, Any]:
    names = sorted(np.unique(hidden.categories))
    over = intervals(by_category(labels, hidden.truth, hidden.categories, names))
    return {**_figures(pair_figures(labels, hidden.truth)), "intervals": over}


def _clusters(hidden: Hidden, settings: Settings, rules: Rules) -> tuple[np.ndarray, list[Cluster]]:
    embedded = prepared(hidden.embedded, settings)
    labels, categories = cluster(embedded, settings)
    return labels, describe(embedded, labels, categories, rules)


def _measured(hidden: Hidden, radius: float, settings: Settings) -> dict[str, Any]:
    labels, clusters = _clusters(hidden, settings, Rules())
    kept = kept_labels(len(hidden.embedded), clusters)
    return {
        "photos": len(hidden.embedded),
        "products": len(np.unique(hidden.truth)),
        "radius": radius,
        "dbscan": _figures(_dbscan(hidden, radius)),
        "not expanded": _found(hidden, replace(ALONE, expansion=0, reach=REACH_UNEXPANDED)),
        "without colours": _found(hidden, ALONE),
        "without rules": _figures(pair_figures(labels, hidden.truth)),
        "with rules": _with_intervals(hidden, kept),
        "clusters": _of_one(clusters, hidden.truth),
        "reaches": [(reach, _found(hidden, replace(settings, reach=reach))) for reach in SHOWN_REACHES],
        "wrong": _wrong(hidden, kept),
        "dropped": _dropped(clusters, hidden.truth),
        "categories": dict(_by_category(hidden, labels, kept)),
    }


def _share_of_commonest(each: Cluster, truth: np.ndarray) -> float:
    return round(float(np.unique(truth[each.rows], return_counts=True)[1].max() / len(each.rows)), 3)


def _of_one(clusters: Sequence[Cluster], truth: np.ndarray) -> dict[str, Any]:
    """How many of those kept hold one product alone; of those shown at a glance, which do not."""
    kept = [_share_of_commonest(each, truth) for each in clusters if not each.dropped]
    glance = [(each.category, _share_of_commonest(each, truth)) for each in at_a_glance(clusters)]
    return {
        "kept": len(kept),
        "of one": sum(share == 1 for share in kept),
        "at a glance": len(glance),
        "mixed at a glance": [(name, share) for name, share in glance if share < 1],
    }


def _wrong(hidden: Hidden, labels: np.ndarray, count: int = 4) -> dict[str, float]:
    """The categories of most wrong pairs, each with its share of all wrong pairs."""
    names = sorted(np.unique(hidden.categories))
    said, _, both = by_category(labels, hidden.truth, hidden.categories, names).T
    wrong = said - both
    most = [row for row in np.argsort(-wrong, kind="stable")[:count] if wrong[row]]
    return {str(names[row]): round(float(wrong[row] / wrong.sum()), 3) for row in most}


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
            "purity": _share_of_commonest(each, truth),
        }
        for each in clusters
        if each.dropped
    ]


def _by_category(hidden: Hidden, labels: np.ndarray, kept: np.ndarray) -> Iterable[tuple[str, Any]]:
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
