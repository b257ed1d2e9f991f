"""Photos that are not the right way up: ``pocketshelf-train turned``.

Photos of the split are asked as they are and turned by one, two and three quarters: once; as a search does,
which looks at the photo turned back where it looks turned and the first look leaves nothing trusted; and
with ``any_way_up``, which then looks at all turns. First hits of the most prominent region, by vectors and
colours; the shelf has one picture a product.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import tell_lines
from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.looking import AHEAD, ALL_TURNS, SURE, best_of
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.types import Timings
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, table
from pocketshelf_training.predict.asking import SHOPS, asked_of
from pocketshelf_training.predict.shelf import opened

__all__ = ["AHEADS", "Seen", "add_arguments", "chosen", "found_first", "looks_of", "run"]

WAYS = {"whole": True, "by box": False}
TURNS = 4
# Cosines by which a turned look must be ahead of the upright one, to choose among on val.
AHEADS = (0.0, 0.03, 0.06, 0.1)
# Columns: of "absent" the right first products that are said to be nothing like it.
SHARES = ("once", "as a search does", "looks", "absent", "absent by the first look")


class Seen(NamedTuple):
    """One look at a photo.

    Attributes:
        right, lead, trusted, absent: its first product: whether it is right, its score, whether it is
            trusted, and whether it is said to be nothing like what is in the photo.
        turns: by how many quarters a search would turn the photo for another look.
        has_box, is_sure: whether the detector found anything, and is sure of a box.
    """

    right: bool
    lead: float
    trusted: bool
    absent: bool = False
    turns: tuple[int, ...] = ()
    has_box: bool = False
    is_sure: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--set", choices=SHOPS, help="that catalogue alone (default: both)")
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder = Encoder.open(args.bundle)
    rows = []
    for name in SHOPS if args.set is None else (args.set,):
        gallery, asking = asked_of(name, args.split, args.data)
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
        turns = [photo.turned(n) if n else photo for n in range(TURNS)]
        found.append([_seen(retriever, turn, whole, sample.identity) for turn in turns])
    return found


def _seen(retriever: Retriever, photo: Photo, whole: bool, identity: str | None) -> Seen:
    head = retriever.encoder.bundle.turned_head
    first, *_ = retriever.encoder.encode(photo, whole, Timings()).regions
    turns = () if head is None else head.turns(first.embedding.vector)
    regions = retriever.search(photo, whole=whole, any_way_up=False).regions
    region, boxes = regions[0], [each.score for each in regions if each.group != FRAME]
    hits = region.hits or ()
    lead, right = (hits[0].score, hits[0].product_id == identity) if hits else (-1.0, False)
    told = bool(hits) and bool(region.confident), bool(region.absent)
    return Seen(right, lead, *told, turns, bool(boxes), any(score >= SURE for score in boxes))


def chosen(turns: Sequence[Seen], quarters: int, wanted: Sequence[int], ahead: float = AHEAD) -> int:
    """Which look at a photo turned by ``quarters`` counts, of it and of it turned by ``wanted`` as well."""
    upright = turns[quarters]
    if upright.trusted:
        return quarters
    others = [(quarters + n) % TURNS for n in wanted]
    others = [each for each in others if _may_count(turns[each], upright)]
    best = best_of(upright.lead, [turns[each].lead for each in others], ahead)
    return quarters if best is None else others[best]


def _may_count(turned: Seen, upright: Seen) -> bool:
    return not turned.absent and (turned.has_box or not upright.is_sure)


def found_first(looks: Sequence[Sequence[Seen]], quarters: int, ahead: float | None) -> float:
    """R@1 of the photos turned by ``quarters``: once (``ahead`` None), or looked at any way up."""
    wanted = () if ahead is None else ALL_TURNS
    return float(np.mean([turns[chosen(turns, quarters, wanted, ahead or 0.0)].right for turns in looks]))


def _rows(looks: Sequence[Sequence[Seen]]) -> Iterator[dict[str, Any]]:
    for quarters in range(TURNS):
        asked = [turns[quarters] for turns in looks]
        wanted = [() if each.trusted else each.turns for each in asked]
        found = [
            (turns[quarters], turns[chosen(turns, quarters, more)])
            for turns, more in zip(looks, wanted, strict=True)
        ]
        right = [(before, seen) for before, seen in found if seen.right]
        yield {
            "turned": quarters,
            "photos": len(looks),
            "unsure": float(np.mean([not each.trusted for each in asked])),
            "once": found_first(looks, quarters, None),
            "as a search does": len([1 for _, seen in found if seen.right]) / len(found),
            "looks": 1 + sum(map(len, wanted)) / len(looks),
            "absent": sum(seen.absent for _, seen in right) / max(len(right), 1),
            "absent by the first look": sum(before.absent for before, _ in right) / max(len(right), 1),
            "any_way_up": {f"{ahead:g}": found_first(looks, quarters, ahead) for ahead in AHEADS},
        }


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["catalogue", "searched", ">turned", ">photos", ">unsure", *(f">{name}" for name in SHARES)]
    head += [f">any way up, ahead by {ahead:g}" for ahead in AHEADS]
    cells = [
        (
            row["set"],
            row["way"],
            f"{90 * row['turned']}°",
            row["photos"],
            f"{row['unsure']:.3f}",
            *(f"{row[name]:.3f}" for name in SHARES),
            *(f"{share:.3f}" for share in row["any_way_up"].values()),
        )
        for row in rows
    ]
    means = ("mean of all", "", "", "", "", *_means(rows))
    return table(head, [*cells, means]) + f"\nA search has an `any_way_up` of {AHEAD:g}.\n"


def _means(rows: Sequence[dict[str, Any]]) -> list[str]:
    columns = [[row[name] for row in rows] for name in SHARES]
    columns += [[row["any_way_up"][f"{ahead:g}"] for row in rows] for ahead in AHEADS]
    return [f"{np.mean(column):.3f}" for column in columns]
