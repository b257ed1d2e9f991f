"""One thing that the detector takes apart: ``pocketshelf-train as-one``.

Photos are asked by their boxes, and as one thing where the detector is sure of no box, the boxes lie all over
the photo, and no answer is trusted, as a search does (`pocketshelf.looking`); first hits by vectors and
colours, through the whole search. The tables have several scores from which on a box is sure, and several
shares of the photo. Photos of outfits say how often the frame stands first where it must not.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import tell_lines
from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.looking import SURE, WIDE, share_around
from pocketshelf.types import Region
from pocketshelf_training.data import clothing, street
from pocketshelf_training.data.clothing import GROUP_OF
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.data.street import StreetPhoto
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.outfits import on_shelf
from pocketshelf_training.pages.page import add_bundle, table
from pocketshelf_training.predict.asking import load_set, searches_of
from pocketshelf_training.predict.shelf import opened

__all__ = ["SURES", "Asked", "add_arguments", "found_first", "run"]

# Scores from which on a box is a thing of its own, to choose among on val; above 1 no box is.
SURES = (0.0, 0.6, 0.7, 0.8, 1.01)
# Shares of a photo in which boxes that are parts lie at least.
WIDES = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6)
SETS = ("shop", "grocery")


class Asked(NamedTuple):
    """A photo's answers.

    Attributes:
        boxes, frame: whether the first product is right, by the most prominent box and by the frame.
        lead, whole: the scores of the nearest first product of all boxes, and of the frame's.
        score: the detector's, of the box that it is surest of; 1 where it found none.
        trusted: whether any box's answer is.
        around: the share of the photo that all boxes together lie in.
    """

    boxes: bool
    frame: bool
    lead: float
    whole: float
    score: float
    trusted: bool
    around: float

    def is_one(self, sure: float = SURE, wide: float = WIDE) -> bool:
        """Whether the frame stands first."""
        doubted = self.score < sure and self.around >= wide and not self.trusted
        return doubted and self.whole > self.lead


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME[=DIR]", help="more than shop and grocery"
    )
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder = Encoder.open(args.bundle)
    rows = []
    for given in (*SETS, *args.set):
        shown, name, samples = load_set(given, args.data)
        (search, *_), _ = searches_of(name, samples, args.split)
        found = _asked(
            encoder, search.gallery, [(s, s.identity) for s in search.queries], lambda hit: hit, shown
        )
        rows.append(_row(shown, found))
    if args.split == "val":
        rows += _garments(encoder, args.data)
    tell_lines(json.dumps(rows, indent=1) if args.json else _page(rows))
    return 0


def found_first(asked: Sequence[Asked], sure: float = SURE, wide: float = WIDE) -> float:
    """R@1 of the most prominent region, the frame first where no box is ``sure`` and all lie ``wide``."""
    return float(np.mean([each.frame if each.is_one(sure, wide) else each.boxes for each in asked]))


def _garments(encoder: Encoder, data: str | None) -> list[dict[str, Any]]:
    """On the shelf of `outfits`: single garments, right by their label, and outfits, of which none is."""
    samples = [s for s in clothing.load(data) if s.attributes["label"] in GROUP_OF]
    labels = {s.image.stem: s.attributes["label"] for s in samples}
    gallery = [replace(s, identity=s.image.stem, category=labels[s.image.stem]) for s in on_shelf(samples)]
    single = [(s, labels[s.image.stem]) for s in samples if s.split == "val"]
    outfits = [(photo, None) for photo in street.load_photos("val", data)]
    return [
        _row(name, _asked(encoder, gallery, asking, labels.__getitem__, name))
        for name, asking in (("single garments, label", single), ("outfits", outfits))
    ]


def _asked(
    encoder: Encoder,
    gallery: Sequence[Sample],
    asking: Sequence[tuple[Sample | StreetPhoto, str | None]],
    told: Callable[[str], str],
    what: str,
) -> list[Asked]:
    """Of each photo what its boxes and its frame find; ``told`` of a product's name is compared."""
    found = []
    with opened(gallery, encoder) as retriever:
        for sample, right in tqdm(asking, what, disable=None):
            result, whole = (
                retriever.search(sample.image, whole=whole, any_way_up=False) for whole in (False, True)
            )
            boxes = [region for region in result.regions if region.group != FRAME]
            frame = whole.regions[0]
            found.append(
                Asked(
                    boxes=_first(boxes[0] if boxes else frame, told) == right,
                    frame=_first(frame, told) == right,
                    lead=max(map(_lead, boxes), default=-1.0),
                    whole=_lead(frame),
                    score=max((region.score for region in boxes), default=1.0),
                    trusted=any(region.confident for region in boxes),
                    around=share_around([region.box for region in boxes], (result.width, result.height)),
                )
            )
    return found


def _first(region: Region, told: Callable[[str], str]) -> str | None:
    return told(region.hits[0].product_id) if region.hits else None


def _lead(region: Region) -> float:
    return region.hits[0].score if region.hits else -1.0


def _row(name: str, asked: Sequence[Asked]) -> dict[str, Any]:
    return {
        "set": name,
        "photos": len(asked),
        "whole": float(np.mean([each.frame for each in asked])),
        "by_sure": {f"{sure:g}": found_first(asked, sure) for sure in SURES},
        "by_share": {f"{wide:g}": found_first(asked, wide=wide) for wide in WIDES},
        "as_one": float(np.mean([each.is_one() for each in asked])),
    }


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["photos of", ">photos", ">boxes alone", *(f">sure from {sure:g}" for sure in SURES[1:-1])]
    head += [">no box is sure", ">the frame alone", ">the frame first"]
    cells, shares = [], []
    for row in rows:
        told = _told(row, [*row["by_sure"].values(), row["whole"]])
        cells.append((row["set"], row["photos"], *told, f"{row['as_one']:.3f}"))
        shares.append((row["set"], *_told(row, row["by_share"].values())))
    by_share = table(["photos of", *(f">{wide:g} of the photo" for wide in WIDES)], shares)
    return (
        table(head, cells)
        + f"\nA box is sure from {SURE:g} on, and boxes lie in {WIDE:g} of the photo. With other shares:\n\n"
        + by_share
    )


def _told(row: dict[str, Any], figures: Iterable[float]) -> list[str]:
    return ["–" if row["set"] == "outfits" else f"{figure:.3f}" for figure in figures]
