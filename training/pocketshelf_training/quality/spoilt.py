"""Photos spoilt by the camera, a hand or a messenger: ``pocketshelf-train spoilt``.

Each photo of the split is asked as it is, and spoilt (synthetic) in each of several ways: what the quality
filter looks for, a hard JPEG, something before the thing. First hits of the most prominent region, by vectors
alone and as a search finds them, with colours; beside another bundle, if one is named, pair by pair.
"""

from __future__ import annotations

import argparse
import functools
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.stages.preprocess import Photo, decode_photo, read_photo
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.pages import altered
from pocketshelf_training.pages.altered import WAYS
from pocketshelf_training.pages.page import table
from pocketshelf_training.pages.shown import Shown, shown_gallery
from pocketshelf_training.predict.asking import Search
from pocketshelf_training.quality.degrade import blurred, darkened, over_exposed, shrunk
from pocketshelf_training.samplers.spoilt import fingers, phone
from pocketshelf_training.studio.scene.occlude import occlude

__all__ = ["HARMS", "add_arguments", "run"]

Harm = Callable[[Image.Image, np.random.Generator], Image.Image]
_HARD = 15


def _coded(image: Image.Image, _: np.random.Generator) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_HARD)
    return Image.fromarray(decode_photo(stream.getvalue()).pixels)


def _behind(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Something before the middle half of each side."""
    scene, mask = image.copy(), np.zeros((image.height, image.width), np.uint8)
    mask[image.height // 4 : -image.height // 4, image.width // 4 : -image.width // 4] = 255
    occlude(scene, mask, rng)
    return scene


def _drawn(
    draw: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    image: Image.Image,
    rng: np.random.Generator,
) -> Image.Image:
    return Image.fromarray(draw(np.asarray(image), rng))


HARMS: dict[str, Harm] = {
    "as it is": lambda image, _: image,
    "too dark, noisy": darkened,
    "over-exposed": over_exposed,
    "out of focus, or moved": blurred,
    "40 to 110 pixels": shrunk,
    f"JPEG of quality {_HARD}": _coded,
    "an arm, a bag or leaves before it": _behind,
    "a phone before it": functools.partial(_drawn, phone),
    "held by fingers": functools.partial(_drawn, fingers),
}
"""What is done to a photo, by name; the last two are drawn by what `train robust` learns from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    altered.add_arguments(parser, "what is drawn")
    parser.add_argument("--beside", metavar="BUNDLE", help="another bundle, to compare with, photo by photo")


def run(args: argparse.Namespace) -> int:
    beside = Encoder.open(args.beside) if args.beside else None
    return altered.measured(args, functools.partial(_rows, beside=beside), _page)


def _rows(
    encoder: Encoder, search: Search, shown: Shown, what: str, seed: int, beside: Encoder | None
) -> Iterator[dict[str, Any]]:
    looks = [(encoder, shown)]
    if beside is not None:
        looks.append((beside, shown_gallery(beside, search.gallery, what)))
    for way, whole in WAYS.items():
        for name, harm in HARMS.items():
            rng = np.random.default_rng(seed)
            found = []
            for sample in tqdm(search.queries, f"{what}, {way}, {name}", disable=None):
                photo = read_photo(np.asarray(harm(Image.fromarray(read_photo(sample.image).pixels), rng)))
                firsts = [first for look in looks for first in _firsts(*look, photo, whole)]
                found.append([float(first == sample.identity) for first in firsts])
            columns = np.array(found).T
            row = {"way": way, "harm": name, "photos": len(found)}
            row |= {"alone": mean_with_interval(columns[0]), "told": mean_with_interval(columns[1])}
            if beside is not None:
                row |= {
                    "beside alone": mean_with_interval(columns[2]),
                    "beside": mean_with_interval(columns[3]),
                }
                row["gain alone"] = mean_with_interval(columns[0] - columns[2])
                row["gain"] = mean_with_interval(columns[1] - columns[3])
            yield row


def _firsts(encoder: Encoder, shown: Shown, photo: Photo, whole: bool) -> tuple[str, str]:
    region = encoder.encode(photo, whole).regions[0]
    vector = region.embedding.vector
    return shown.first(vector), shown.first(vector, region.colours)


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["set", "searched", "photo", ">photos", ">vectors alone", ">with colours"]
    compared = "beside" in rows[0]
    if compared:
        head += [">beside: vectors alone", ">with colours", ">points gained, vectors alone", ">with colours"]
    cells = []
    for row in rows:
        cell = [row["set"], row["way"], row["harm"], row["photos"]]
        cell += [f"{row[name].value:.3f}" for name in ("alone", "told")]
        if compared:
            cell += [f"{row[name].value:.3f}" for name in ("beside alone", "beside")]
            cell += [row["gain alone"].points, row["gain"].points]
        cells.append(tuple(cell))
    return table(head, cells)
