"""``pocketshelf-train compare``: several ways to search the same pictures, and how far apart they are.

A way is a model, or two of one space: one that embeds the photos and one that embedded the gallery
(asymmetric retrieval; a gallery that an older model left behind). All ways answer the same photos, so a
difference is bootstrapped over pairs, and its interval is narrower than those of the two figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf.formats.enrolment import load_enrolment
from pocketshelf_training.data.catalog import load_given, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.embedder_figures import rank_search, vector_of
from pocketshelf_training.metrics.intervals import mean_with_interval, recalls
from pocketshelf_training.pages import ways
from pocketshelf_training.pages.page import joined, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.pages.ways import Way, parse_way
from pocketshelf_training.predict import left_out
from pocketshelf_training.predict.model import Model, open_model
from pocketshelf_training.predict.predictor import Predictor
from pocketshelf_training.predict.searches import Search, choose, choose_split, left_out_searches

__all__ = ["add_arguments", "run"]

KS = (1, 5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    ways.add_arguments(
        parser,
        "NAME=MODEL[:GALLERY[:ENROLMENT]]",
        "a checkpoint, a model file, or a bundle's folder or name; GALLERY: another of the same space for "
        "the gallery (empty: the same); ENROLMENT: a file of `pocketshelf-train enrolment` that adjusts it",
    )
    parser.add_argument(
        "--difference",
        action="append",
        default=[],
        metavar="NAME,NAME",
        help="the first way less the second, with an interval over pairs (default: each less the first way)",
    )
    parser.add_argument("--data-set", default="grocery", metavar="NAME[=FOLDER]", help=ways.KNOWN_DATA_SETS)
    parser.add_argument("--split", help="one or more by commas (default: test, else val)")
    parser.add_argument(
        "--left-out", type=Path, metavar="CHECKPOINT", help="ask only for products that its training left out"
    )


def run(args: argparse.Namespace) -> int:
    asked = [parse_way(given, pairs=True) for given in args.way]
    pairs = _pairs(args.difference, [way.name for way in asked])
    models = {path: open_model(path, "embedder") for way in asked for path in (way.queries, way.gallery)}
    searches, split = _searches(args, models[asked[0].queries])
    results: dict[str, Any] = {
        "run": {
            "data_set": shown_name(args.data_set),
            "split": split,
            "ways": {way.name: [str(path) for path in way[1:] if path] for way in asked},
            **here(),
        },
        "searches": {},
    }
    for search in searches:
        firsts = {way.name: _first_right(way, models, search, args.cache) for way in asked}
        results["searches"][search.name] = {
            "photos": len(search.queries),
            "gallery": len(search.gallery),
            "ways": {name: recalls(first, KS) for name, first in firsts.items()},
            "differences": {
                f"{a} − {b}": {
                    f"R@{k}": mean_with_interval((firsts[a] < k).astype(float) - (firsts[b] < k)) for k in KS
                }
                for a, b in pairs
            },
        }
    publish(_page(results), json.dumps(results, indent=1), args.write)
    return 0


def _pairs(given: list[str], names: list[str]) -> list[tuple[str, str]]:
    """Raises UsageError: a difference names something else than two ways."""
    pairs = [tuple(pair.split(",")) for pair in given] or [(name, names[0]) for name in names[1:]]
    for pair in pairs:
        if len(pair) != 2 or not set(pair) <= set(names):
            raise UsageError(f"--difference {','.join(pair)}: write two of {', '.join(names)}")
    return pairs  # type: ignore[return-value]


def _searches(args: argparse.Namespace, model: Model) -> tuple[list[Search], str]:
    _, samples = load_given(args.data_set, args.data)
    own, split = choose_split(samples, args.split)
    if args.left_out:
        products = left_out.products(None, str(args.left_out), model)
        return left_out_searches(samples, own, products or set()), split
    return choose(samples, own, ["shop"]), split


def _first_right(way: Way, models: dict[Path, Model], search: Search, cache: Path) -> np.ndarray:
    """Place of each query's first right picture (n,), infinite where it finds none.

    Raises:
        UsageError: the two models' vectors differ in length.
    """

    def vectors(path: Path, samples: Sequence[Sample], what: str) -> list[np.ndarray | None]:
        return [vector_of(each) for each in Predictor(models[path], cache, label=way.name)(samples, what)]

    queries = vectors(way.queries, search.queries, "queries")
    gallery = vectors(way.gallery, search.gallery, "gallery")
    if way.enrolment:
        adjust = load_enrolment(way.enrolment)
        gallery = [None if vector is None else adjust(vector[None])[0] for vector in gallery]
    lengths = {len(vector) for vector in (*queries, *gallery) if vector is not None}
    if len(lengths) > 1:
        raise UsageError(f"--way {way.name}: vectors of {sorted(lengths)} numbers are not of one space")
    return np.array([ranking.first for ranking in rank_search(search, queries, gallery)])


def _page(results: dict[str, Any]) -> str:
    facts = results["run"]
    parts = [f"## {facts['data_set']}, {facts['split']}\n"]
    parts += [f"Machine: {facts['machine']}; commit {facts['commit']}.\n"]
    for name, found in results["searches"].items():
        parts.append(f"### {name} ({found['photos']} → {found['gallery']})\n")
        columns = [f"R@{k}" for k in KS]
        rows = []
        for way, figures in found["ways"].items():
            queries, gallery, *enrolment = facts["ways"][way]
            same = "the same" if gallery == queries else f"`{gallery}`"
            rows.append([way, f"`{queries}`", same + "".join(f", `{file}`" for file in enrolment)])
            rows[-1] += [str(figures[column]) for column in columns]
        parts.append(table(["way", "photos by", "gallery by", *columns], rows))
        rows = [
            [pair, *(figures[column].points for column in columns)]
            for pair, figures in found["differences"].items()
        ]
        if rows:
            parts.append(table(["difference, points", *columns], rows))
    return joined(parts)
