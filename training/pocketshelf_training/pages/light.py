"""Photos in little light, in light that is not white, or without colours: ``pocketshelf-train light``.

Photos of the split are asked as they are, darkened, tinted, veiled and in black and white (synthetic), and
their middles alone, where what is dark may be the thing: by vectors alone, by colours as they come, and by
colours as a search tells them (`pocketshelf.stages.light`). First hits of the most prominent region; one
picture a product.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.stages.colours import histograms, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.pages import altered
from pocketshelf_training.pages.altered import WAYS
from pocketshelf_training.pages.page import table
from pocketshelf_training.pages.shown import Shown
from pocketshelf_training.predict.asking import Search

__all__ = [
    "LIGHTS",
    "add_arguments",
    "close_up",
    "firsts_of",
    "in_black_and_white",
    "in_light",
    "run",
    "veiled",
]

# What is left of red, green and blue, of light.
LIGHTS: dict[str, tuple[float, float, float]] = {
    "as it is": (1.0, 1.0, 1.0),
    "half the light": (0.5, 0.5, 0.5),
    "a quarter": (0.25, 0.25, 0.25),
    "a tenth": (0.1, 0.1, 0.1),
    "lamplight, mostly corrected": (1.12, 1.0, 0.78),
    "lamplight": (1.25, 1.0, 0.6),
    "shade": (0.75, 1.0, 1.35),
    "a quarter, lamplight": (0.35, 0.25, 0.15),
}
# Of white, which is laid over a photo as by a window that mirrors the sky.
VEILS = {"a veil of 0.2": 0.2, "a veil of 0.4": 0.4}
# Close-ups, in the light that there is: what is left of each side.
SIDES = {"as it is, 0.6 of each side": 0.6, "as it is, 0.4": 0.4, "as it is, 0.25": 0.25}
# Of photos with less than GAIN of their light: a sensor's noise as it is amplified, in levels.
GAIN, NOISE = 0.6, 2.0
# Of sRGB, near enough.
GAMMA = 2.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    altered.add_arguments(parser, "the noise")


def run(args: argparse.Namespace) -> int:
    return altered.measured(args, _rows, _page)


def in_light(pixels: np.ndarray, rng: np.random.Generator, light: Sequence[float]) -> np.ndarray:
    """A photo, uint8 (h, w, 3), with so much of its red, green and blue light left."""
    if all(share == 1.0 for share in light):
        return pixels
    levels = 255 * ((pixels / 255) ** GAMMA * np.array(light)) ** (1 / GAMMA)
    if max(light) < GAIN:
        levels = levels + rng.normal(0, NOISE, pixels.shape)
    return np.clip(levels, 0, 255).astype(np.uint8)


def close_up(pixels: np.ndarray, _: object, side: float) -> np.ndarray:
    """A photo's middle, with so much of each side left."""
    height, width = (max(1, round(side * length)) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def veiled(pixels: np.ndarray, _: object, share: float) -> np.ndarray:
    """A photo, uint8 (h, w, 3), with so much of white laid over it."""
    return (pixels * (1 - share) + 255 * share).astype(np.uint8)


def in_black_and_white(pixels: np.ndarray, _: object) -> np.ndarray:
    """A photo, uint8 (h, w, 3), of its luma (Rec. 601) alone."""
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


def firsts_of(region: EncodedRegion, shown: Shown) -> tuple[str, str, str]:
    """The first product by the vector alone, by colours as they come, and as a search tells them."""
    assert region.pixels is not None
    as_they_come = histograms([palette_of(region.pixels)])
    vector = region.embedding.vector
    return shown.first(vector), shown.first(vector, as_they_come), shown.first(vector, region.colours)


def _rows(encoder: Encoder, search: Search, shown: Shown, what: str, seed: int) -> Iterator[dict[str, Any]]:
    altered_by: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
        **{name: functools.partial(in_light, light=light) for name, light in LIGHTS.items()},
        **{name: functools.partial(veiled, share=share) for name, share in VEILS.items()},
        "black and white": in_black_and_white,
        **{name: functools.partial(close_up, side=side) for name, side in SIDES.items()},
    }
    for way, whole in WAYS.items():
        for name, alter in altered_by.items():
            rng = np.random.default_rng(seed)
            found = []
            for sample in tqdm(search.queries, f"{what}, {way}, {name}", disable=None):
                photo = read_photo(alter(read_photo(sample.image).pixels, rng))
                firsts = firsts_of(encoder.encode(photo, whole).regions[0], shown)
                found.append([float(first == sample.identity) for first in firsts])
            alone, come, told = np.array(found).T
            yield {
                "way": way,
                "light": name,
                "photos": len(found),
                "alone": mean_with_interval(alone),
                "as they come": mean_with_interval(come),
                "in white light": mean_with_interval(told),
                "gain": mean_with_interval(told - come),
            }


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["set", "searched", "light", ">photos", ">vectors alone", ">colours as they come"]
    head += [">in white light", ">points gained by that"]
    cells = [
        (
            row["set"],
            row["way"],
            row["light"],
            row["photos"],
            *(f"{row[name].value:.3f}" for name in ("alone", "as they come", "in white light")),
            row["gain"].points,
        )
        for row in rows
    ]
    return table(head, cells)
