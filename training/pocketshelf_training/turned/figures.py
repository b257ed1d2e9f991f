"""Photos that are not the right way up: ``pocketshelf-train turned``.

Photos of the split are asked as they are and turned by one, two and three quarters: once, as a search does,
and with ``any_way_up``, which looks at all turns where the first look leaves nothing trusted. First hits of
the most prominent region, by vectors and colours; the shelf has one picture a product.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.looking import AHEAD, best_of
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.data import grocery, shop
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, table
from pocketshelf_training.predict.shelf import opened

__all__ = ["AHEADS", "Seen", "add_arguments", "found_first", "looks_of", "run"]

SETS = ("groceries", "shop")
WAYS = {"whole": True, "by box": False}
TURNS = 4
# Cosines by which a turned look must be ahead of the upright one, to choose among on val.
AHEADS = (0.0, 0.03, 0.06, 0.1)


class Seen(NamedTuple):
    """One look's first product: whether it is right, its score, and whether it is trusted."""

    right: bool
    lead: float
    trusted: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--set", choices=SETS, help="that catalogue alone (default: both)")
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder = Encoder.open(args.bundle)
    rows = []
    for name in SETS if args.set is None else (args.set,):
        samples = (shop if name == "shop" else grocery).load(args.data)
        gallery = [s for s in samples if s.domain == "shop" and s.identity and s.category]
        asking = [s for s in samples if s.domain == "street" and s.split == args.split]
        with opened(gallery, encoder) as retriever:
            for way, whole in WAYS.items():
                looks = looks_of(retriever, asking, whole, f"{name}, {way}")
                rows += [{"set": name, "way": way, **row} for row in _rows(looks)]
    tell_lines(json.dumps(rows, indent=1) if args.json else _page(rows))
    return 0


def looks_of(
    retriever: Retriever, asking: Sequence[Sample], whole: bool, what: str = "photos"
) -> list[list[Seen]]:
    """Of each photo what a search finds first in it, turned anticlockwise by 0, 1, 2 and 3 quarters."""
    found = []
    for sample in tqdm(asking, what, disable=None):
        photo = read_photo(sample.image)
        turns = [retriever.search(photo.turned(n) if n else photo, whole=whole) for n in range(TURNS)]
        found.append([_seen(result.regions[0], sample.identity) for result in turns])
    return found


def _seen(region: Any, identity: str | None) -> Seen:
    hits = region.hits or ()
    if not hits:
        return Seen(False, -1.0, False)
    return Seen(hits[0].product_id == identity, hits[0].score, bool(region.confident))


def found_first(looks: Sequence[Sequence[Seen]], quarters: int, ahead: float | None) -> float:
    """R@1 of the photos turned by ``quarters``: once (``ahead`` None), or looked at any way up."""
    right = []
    for turns in looks:
        upright = turns[quarters]
        others = [turns[(quarters + n) % TURNS] for n in range(1, TURNS)]
        best = None
        if ahead is not None and not upright.trusted:
            best = best_of(upright.lead, [each.lead for each in others], ahead)
        right.append(upright.right if best is None else others[best].right)
    return float(np.mean(right))


def _rows(looks: Sequence[Sequence[Seen]]) -> Iterator[dict[str, Any]]:
    for quarters in range(TURNS):
        yield {
            "turned": quarters,
            "photos": len(looks),
            "once": found_first(looks, quarters, None),
            "unsure": float(np.mean([not turns[quarters].trusted for turns in looks])),
            "any_way_up": {f"{ahead:g}": found_first(looks, quarters, ahead) for ahead in AHEADS},
        }


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["catalogue", "searched", ">turned", ">photos", ">unsure", ">once"]
    head += [f">any way up, ahead by {ahead:g}" for ahead in AHEADS]
    cells = [
        (
            row["set"],
            row["way"],
            f"{90 * row['turned']}°",
            row["photos"],
            f"{row['unsure']:.3f}",
            f"{row['once']:.3f}",
            *(f"{share:.3f}" for share in row["any_way_up"].values()),
        )
        for row in rows
    ]
    means = [("mean of all", "", "", "", "", f"{np.mean([row['once'] for row in rows]):.3f}", *_means(rows))]
    return table(head, [*cells, *means]) + f"\nA search has an `any_way_up` of {AHEAD:g}.\n"


def _means(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{np.mean([row['any_way_up'][f'{ahead:g}'] for row in rows]):.3f}" for ahead in AHEADS]
