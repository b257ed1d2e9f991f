"""Photos asked by a screenshot of them: ``pocketshelf-train screenshots``.

Each photo of the split is drawn into a phone's page (synthetic), as wide as that, or a card away from its
sides. The page is searched as it is, and as a search does (`pocketshelf.stages.screenshot`); the picture
alone, cut as the page shows it, says what could be had. First hits of the most prominent region, by vectors
and colours.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from pocketshelf.encoded import FRAME, EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.stages.screenshot import shown_in
from pocketshelf.types import Detection
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.pages import altered
from pocketshelf_training.pages.altered import WAYS
from pocketshelf_training.pages.page import table
from pocketshelf_training.pages.shown import Shown
from pocketshelf_training.predict.asking import Search
from pocketshelf_training.quality.scenes import screenshot_of

__all__ = ["add_arguments", "as_it_is", "run"]

# How far a page's picture is from either side, of the page's width.
PAGES = {"as wide": 0.0, "a card": 0.04}
# How near a picture's corners count as found, of its sides.
_NEAR = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    altered.add_arguments(parser, "the pages")


def run(args: argparse.Namespace) -> int:
    return altered.measured(args, _rows, _page)


def as_it_is(encoder: Encoder, photo: Photo, whole: bool) -> EncodedRegion:
    """The most prominent region of a photo that is not looked at as a screenshot."""
    frame = Detection((0.0, 0.0, float(photo.width), float(photo.height)), FRAME, 1.0)
    boxes = [] if whole else encoder.boxes(photo, again=True)[1]
    return encoder.encode_boxes(photo, boxes or [frame], (boxes or [frame])[:1])[0]


def _rows(encoder: Encoder, search: Search, shown: Shown, what: str, seed: int) -> Iterator[dict[str, Any]]:
    for (kind, away), (way, whole) in itertools.product(PAGES.items(), WAYS.items()):
        rng = np.random.default_rng(seed)
        hits, found, taken = [], 0, 0
        for sample in tqdm(search.queries, f"{what}, {kind}, {way}", disable=None):
            photo = read_photo(sample.image)
            page, corners = screenshot_of(Image.fromarray(photo.pixels), rng, away)
            picture, screen = read_photo(np.asarray(page.crop(corners))), read_photo(np.asarray(page))
            found += _is_found(screen, corners)
            taken += shown_in(photo)[0] is not photo
            looks = (
                as_it_is(encoder, picture, whole),
                as_it_is(encoder, screen, whole),
                encoder.encode(screen, whole).regions[0],
            )
            hits.append(
                [float(shown.first(look.embedding.vector, look.colours) == sample.identity) for look in looks]
            )
        alone, before, now = np.array(hits).T
        yield {
            "page": kind,
            "way": way,
            "photos": len(hits),
            "pictures found": found,
            "photos taken for pages": taken,
            "alone": mean_with_interval(alone),
            "as it is": mean_with_interval(before),
            "picture in it": mean_with_interval(now),
            "gain": mean_with_interval(now - before),
        }


def _is_found(screen: Photo, corners: tuple[int, int, int, int]) -> bool:
    part, (across, down) = shown_in(screen)
    off = np.abs(np.subtract((across, down, across + part.width, down + part.height), corners))
    left, top, right, bottom = corners
    near = _NEAR * np.array([right - left, bottom - top] * 2)
    return part is not screen and bool((off <= near).all())


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = [
        "set",
        "picture",
        "searched",
        ">photos",
        ">pictures found",
        ">photos taken for pages",
        ">picture alone",
    ]
    head += [">page as it is", ">as a search does", ">points gained by that"]
    counts = ("photos", "pictures found", "photos taken for pages")
    cells = [
        (
            row["set"],
            row["page"],
            row["way"],
            *(row[name] for name in counts),
            *(f"{row[name].value:.3f}" for name in ("alone", "as it is", "picture in it")),
            row["gain"].points,
        )
        for row in rows
    ]
    return table(head, cells)
