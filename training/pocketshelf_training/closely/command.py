"""``pocketshelf-train closely``: docs/closely.md, what looking closely finds, costs and does not lose."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli import values
from pocketshelf.formats.bundle import load_bundle
from pocketshelf_training.closely.measure import measured
from pocketshelf_training.closely.sizes import by_size
from pocketshelf_training.data import grocery, pairs, shop
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, add_page, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.asking import load_set, searches_of

__all__ = ["add_arguments", "run"]

TEXT = Path(__file__).with_name("page.md")
SIZES = (100, 1000, 10_000)
TIMED = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--covers",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="pairs, such as `prepare rephotographed` makes (may be repeated); the first are timed by size",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="a data set of real things, asked as `unseen` does: stanford-mobile-visual-search=DIR "
        "(may be repeated)",
    )
    parser.add_argument(
        "--only-covers",
        action="store_true",
        help="leave out grocery (val, test) and shop, which must not lose",
    )
    parser.add_argument(
        "--few", type=values.count, metavar="N", help="at most N drawn photos of each set, for a first look"
    )
    parser.add_argument(
        "--sizes", type=values.count, nargs="*", default=SIZES, help="products of timed shelves"
    )
    parser.add_argument("--seed", type=values.seed, default=0)
    add_page(parser)


def run(args: argparse.Namespace) -> int:
    figures = read_json(args.figures) if args.figures else _figures(args)
    publish(page(figures), json.dumps(figures, indent=1), args.write, args.json)
    return 0


def _figures(args: argparse.Namespace) -> dict[str, Any]:
    bundle = load_bundle(args.bundle)
    rows: list[dict[str, Any]] = []
    timed: list[dict[str, Any]] = []
    for name, gallery, queries in _sets(args):
        rng = np.random.default_rng(args.seed)
        chosen = sorted(rng.permutation(len(queries))[: args.few or len(queries)])
        asked = [queries[place] for place in chosen]
        rows += measured(name, gallery, asked, bundle, ("whole", "detected"))
        if args.sizes and not timed:
            timed = by_size(gallery, asked[:TIMED], args.sizes, args.seed)
    return {**here(), "bundle": bundle.name, "seed": args.seed, "few": args.few, "rows": rows, "sizes": timed}


def _sets(args: argparse.Namespace) -> Iterator[tuple[str, list[Sample], list[Sample]]]:
    """(name, gallery, queries) of each set."""
    for given in args.covers:
        name, _, folder = given.rpartition("=")
        yield f"{name or 'covers'} (synthetic)", *_parted(pairs.load(folder))
    for given in args.set:
        shown, named, samples = load_set(given, args.data)
        for search in searches_of(named, samples, None)[0]:
            yield shown, list(search.gallery), list(search.queries)
    if not args.only_covers:
        root = data_root(args.data)
        samples = grocery.load(root)
        for split in ("val", "test"):
            gallery, queries = _parted(samples)
            yield f"grocery {split}", gallery, [sample for sample in queries if sample.split == split]
        yield "shop", *_parted(shop.load(root))


def _parted(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    gallery = [s for s in samples if s.domain == "shop" and s.identity and s.category]
    shown = {s.identity for s in gallery}
    return gallery, [s for s in samples if s.domain == "street" and s.identity in shown]


def page(figures: dict[str, Any]) -> str:
    """The document, by the template beside this file."""
    head = (
        "set",
        "searched",
        ">photos",
        ">products",
        ">R@1 without",
        ">R@1 with",
        ">R@5 without",
        ">R@5 with",
    )
    found = table(
        (*head, ">confirmed", ">of these right", ">ms more"),
        [
            (
                row["set"],
                row["way"],
                row["queries"],
                row["products"],
                *(
                    f"{row[key]:.3f}"
                    for key in ("without R@1", "with R@1", "without R@5", "with R@5", "confirmed")
                ),
                f"{row['right']:.3f}" if "right" in row else "–",
                # A busy machine's milliseconds are worth nothing, and are left out of its figures.
                f"{row['with ms'] - row['without ms']:.1f}" if "with ms" in row else "–",
            )
            for row in figures["rows"]
        ],
    )
    sizes = table(
        (">products", ">ms a photo", ">of it features", ">found first", ">kB a print"),
        [
            (
                f"{row['products']:,}",
                f"{row['ms']:.0f}",
                f"{row['of it features']:.0f}",
                f"{row['first']:.3f}",
                f"{row['kB a print']:.1f}",
            )
            for row in figures["sizes"]
        ],
    )
    few = f" At most {figures['few']} drawn photos of each set." if figures["few"] else ""
    said = "Bundle `{bundle}`, {machine}, commit {commit}, seed {seed}.".format(**figures) + few
    return TEXT.read_text(encoding="utf-8").format(found=found, sizes=sizes, said=said)
