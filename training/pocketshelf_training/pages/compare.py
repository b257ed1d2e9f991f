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
from typing import Any, NamedTuple

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf.formats.enrolment import load_enrolment
from pocketshelf_training.data.catalog import DATA_SETS, load_given, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.embedder_figures import vector_of
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.metrics.ranking import rank
from pocketshelf_training.pages.provenance import commit, machine
from pocketshelf_training.pages.report import table, write_page
from pocketshelf_training.predict import left_out
from pocketshelf_training.predict.asker import Asker
from pocketshelf_training.predict.searches import Search, choose, choose_split, left_out_searches
from pocketshelf_training.predict.subject import Subject, open_subject

__all__ = ["Way", "add_arguments", "parse_way", "run"]

KS = (1, 5)


class Way(NamedTuple):
    """A name, the model of the photos, the model of the gallery, and what adjusts the gallery."""

    name: str
    queries: Path
    gallery: Path
    enrolment: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--way",
        action="append",
        required=True,
        metavar="NAME=MODEL[:GALLERY[:ENROLMENT]]",
        help="a checkpoint or model file; GALLERY: another of the same space for the gallery (empty: the "
        "same); ENROLMENT: a file of `training enrolment` that adjusts it",
    )
    parser.add_argument(
        "--difference",
        action="append",
        default=[],
        metavar="NAME,NAME",
        help="the first way less the second, with an interval over pairs (default: each less the first way)",
    )
    parser.add_argument(
        "--data-set", default="grocery", metavar="NAME[=FOLDER]", help=f"one of {', '.join(DATA_SETS)}"
    )
    parser.add_argument("--split", help="one or more by commas (default: test, else val)")
    parser.add_argument(
        "--left-out", type=Path, metavar="CHECKPOINT", help="ask only for products that its training left out"
    )
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of answers")
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="write the page and its JSON")


def parse_way(given: str) -> Way:
    """Raises UsageError: no NAME=MODEL."""
    name, _, models = given.partition("=")
    queries, gallery, enrolment, *more = [*models.split(":"), "", ""]
    if not name or not queries or any(more):
        raise UsageError(f"--way {given}: write NAME=MODEL, NAME=MODEL:GALLERY or NAME=MODEL::ENROLMENT")
    return Way(name, Path(queries), Path(gallery or queries), Path(enrolment) if enrolment else None)


def run(args: argparse.Namespace) -> int:
    ways = [parse_way(given) for given in args.way]
    pairs = _pairs(args.difference, [way.name for way in ways])
    subjects = {path: open_subject(path, "embedder") for way in ways for path in way[1:3]}
    searches, split = _searches(args, next(iter(subjects.values())))
    results: dict[str, Any] = {
        "run": {
            "data_set": shown_name(args.data_set),
            "split": split,
            "ways": {way.name: [str(path) for path in way[1:] if path] for way in ways},
            "machine": machine(),
            "commit": commit(),
        },
        "searches": {},
    }
    for search in searches:
        firsts = {way.name: _first_right(way, subjects, search, args.cache) for way in ways}
        results["searches"][search.name] = {
            "photos": len(search.queries),
            "gallery": len(search.gallery),
            "ways": {
                name: {f"R@{k}": mean_with_interval((first < k).astype(float)) for k in KS}
                for name, first in firsts.items()
            },
            "differences": {
                f"{a} − {b}": {
                    f"R@{k}": mean_with_interval((firsts[a] < k).astype(float) - (firsts[b] < k)) for k in KS
                }
                for a, b in pairs
            },
        }
    page = _page(results)
    if args.write:
        write_page(page, json.dumps(results, indent=1), args.write)
    print(page)
    return 0


def _pairs(given: list[str], names: list[str]) -> list[tuple[str, str]]:
    """Raises UsageError: a difference names something else than two ways."""
    pairs = [tuple(pair.split(",")) for pair in given] or [(name, names[0]) for name in names[1:]]
    for pair in pairs:
        if len(pair) != 2 or not set(pair) <= set(names):
            raise UsageError(f"--difference {','.join(pair)}: write two of {', '.join(names)}")
    return pairs  # type: ignore[return-value]


def _searches(args: argparse.Namespace, subject: Subject) -> tuple[list[Search], str]:
    _, samples = load_given(args.data_set, args.data)
    own, split = choose_split(samples, args.split)
    if args.left_out:
        products = left_out.products(None, str(args.left_out), subject)
        return left_out_searches(samples, own, products or set()), split
    return choose(samples, own, ["shop"]), split


def _first_right(way: Way, subjects: dict[Path, Subject], search: Search, cache: Path) -> np.ndarray:
    """Place of each query's first right picture (n,), infinite where it finds none.

    Raises:
        UsageError: the two models' vectors differ in length.
    """

    def vectors(path: Path, samples: Sequence[Sample], what: str) -> list[np.ndarray | None]:
        return [vector_of(answer) for answer in Asker(subjects[path], cache, label=way.name)(samples, what)]

    queries = vectors(way.queries, search.queries, "queries")
    gallery = vectors(way.gallery, search.gallery, "gallery")
    if way.enrolment:
        adjust = load_enrolment(way.enrolment)
        gallery = [None if vector is None else adjust(vector[None])[0] for vector in gallery]
    lengths = {len(vector) for vector in (*queries, *gallery) if vector is not None}
    if len(lengths) > 1:
        raise UsageError(f"--way {way.name}: vectors of {sorted(lengths)} numbers are not of one space")
    labels, pictures = (
        [str(sample.identity) for sample in samples] for samples in (search.queries, search.gallery)
    )
    return np.array([ranking.first for ranking in rank(queries, labels, gallery, pictures)])


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
    return "\n".join(parts).rstrip() + "\n"
