"""The same batches for every system: products with their street photos and shop pictures, and others.

A batch is a pure function of (seed, step): a killed run goes on with the very batches it would have had.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sdk.preprocess import crop_box, decode_photo, resize_crop
from training.data.protocol import Sample
from training.embedder.augment import colour_jitter
from training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD
from training.systems.protocol import Batch, Vocabulary

__all__ = ["Sampler", "labels_of", "mirrored", "plain_view", "positive_share", "random_crop"]

# As the SDK crops: see `sdk.preprocess.Preprocessing`.
MARGIN, MAX_ASPECT = 0.05, 4 / 3
Box = tuple[float, float, float, float]


class Piece(NamedTuple):
    """The part of a photo that a sample is about.

    Attributes:
        pixels: uint8 (h, w, 3).
        x, y, scale: a point (px, py) of the photo lies at ((px - x) · scale, (py - y) · scale) of it.
    """

    pixels: np.ndarray
    x: float
    y: float
    scale: float

    @property
    def frame(self) -> Box:
        height, width = self.pixels.shape[:2]
        return 0.0, 0.0, float(width), float(height)


@lru_cache(maxsize=12_000)
def _piece(path: Path, box: Box | None, shortest: int) -> Piece:
    """Decoded once and kept small: 12,000 pieces of a short side of 240 pixels are about 3 GB."""
    pixels = decode_photo(path).pixels
    height, width = pixels.shape[:2]
    whole = (0.0, 0.0, float(width), float(height))
    x, y, w, h = crop_box(box, (width, height), MARGIN, MAX_ASPECT) if box else whole
    scale = min(1.0, shortest / min(w, h))
    if scale == 1.0 and box is None:
        return Piece(pixels, 0.0, 0.0, 1.0)
    size = (max(1, round(h * scale)), max(1, round(w * scale)))
    return Piece(resize_crop(pixels, (x, y, w, h), size), x, y, scale)


def _piece_of(sample: Sample, size: int) -> Piece:
    """The box where there is exactly one, else the frame, with half as many pixels again as the input has."""
    box = sample.boxes[0][1] if len(sample.boxes) == 1 else None
    return _piece(sample.image, box, round(size * 1.5))


def random_crop(box: Box, rng: np.random.Generator, smallest: float = 0.4) -> Box:
    """Part of ``box``: an area share of ``smallest`` to 1, a little stretched, anywhere in it."""
    x, y, w, h = box
    side = np.sqrt(rng.uniform(smallest, 1.0))
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    cw, ch = min(w, w * side * stretch), min(h, h * side / stretch)
    return x + rng.uniform(0, w - cw), y + rng.uniform(0, h - ch), cw, ch


def mirrored(name: str) -> str:
    """The landmark that takes this one's place in a mirror: left and right change."""
    swap = {"left": "right", "right": "left"}
    return " ".join(swap.get(word, word) for word in name.split(" "))


def _landmarks(
    sample: Sample, piece: Piece, crop: Box, flip: bool, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Places as shares of ``crop`` (l, 2) and visibility (l,); one that the crop cut off is unknown."""
    places, visibility = np.zeros((len(names), 2), np.float32), np.full(len(names), -1)
    for index, name in enumerate(names):
        found = sample.landmarks.get(mirrored(name) if flip else name)
        if found is None:
            continue
        x = ((found[0] - piece.x) * piece.scale - crop[0]) / crop[2]
        y = ((found[1] - piece.y) * piece.scale - crop[1]) / crop[3]
        if 0 <= x <= 1 and 0 <= y <= 1:
            places[index] = (1 - x if flip else x, y)
            visibility[index] = int(found[2])
    return places, visibility


View = tuple[np.ndarray, np.ndarray, np.ndarray]


def _random_view(sample: Sample, size: int, names: tuple[str, ...], rng: np.random.Generator) -> View:
    piece = _piece_of(sample, size)
    crop = random_crop(piece.frame, rng, 0.7 if sample.domain == "shop" else 0.4)
    flip = bool(rng.random() < 0.5)
    view = resize_crop(piece.pixels, crop, (size, size))
    return (view[:, ::-1] if flip else view), *_landmarks(sample, piece, crop, flip, names)


def plain_view(sample: Sample, size: int) -> np.ndarray:
    """uint8 (size, size, 3): the box with its margin or the frame, as a store would see it."""
    piece = _piece_of(sample, size)
    return resize_crop(piece.pixels, piece.frame, (size, size))


def labels_of(samples: list[Sample], vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    """ "identity", "category" and each attribute: int64 (n,), -1 where unknown."""

    def numbers(names: tuple[str, ...], values: list[str | None]) -> np.ndarray:
        index = {name: number for number, name in enumerate(names)}
        return np.array([index.get(value or "", -1) for value in values], np.int64)

    found = {
        "identity": numbers(vocabulary.identities, [s.identity for s in samples]),
        "category": numbers(vocabulary.categories, [s.category for s in samples]),
    }
    for name, values in vocabulary.values.items():
        found[name] = numbers(values, [s.attributes.get(name) for s in samples])
    return found


class Sampler:
    """Training batches.

    Args:
        samples: of split "train".
        products: products a batch, each with one shop picture and ``photos`` street photos.
        others: pictures without identity a batch (fewer where there are none).
        size: side of the square input.
    """

    def __init__(
        self,
        samples: list[Sample],
        vocabulary: Vocabulary,
        size: int,
        seed: int,
        products: int = 14,
        photos: int = 2,
        others: int = 14,
    ) -> None:
        self.vocabulary, self.size, self.seed = vocabulary, size, seed
        self.products, self.photos, self.others = products, photos, others
        street: dict[str, list[Sample]] = defaultdict(list)
        shop: dict[str, list[Sample]] = defaultdict(list)
        self.loose = []
        for sample in samples:
            if sample.identity is None:
                self.loose.append(sample)
            else:
                (shop if sample.domain == "shop" else street)[sample.identity].append(sample)
        both = sorted(street.keys() & shop.keys())
        self.pairs = {name: (street[name], shop[name]) for name in both}
        self.names = both

    def choose(self, step: int) -> tuple[list[Sample], np.random.Generator]:
        """The samples of a step, products in turns so that each comes equally often."""
        rng = np.random.default_rng((self.seed, step))
        chosen = []
        for name in self._turn(step):
            street, shop = self.pairs[name]
            chosen.append(shop[rng.integers(len(shop))])
            chosen += [street[i] for i in rng.choice(len(street), min(self.photos, len(street)), False)]
        if self.loose:
            count = min(self.others, len(self.loose))
            chosen += [self.loose[i] for i in rng.choice(len(self.loose), count, False)]
        return chosen, rng

    def _turn(self, step: int) -> list[str]:
        """Shuffled passes over the products, cut into steps; a pass's order depends on its number only."""
        if not self.names:
            return []
        count = min(self.products, len(self.names))
        found = []
        for position in range(step * count, (step + 1) * count):
            turn, index = divmod(position, len(self.names))
            order = np.random.default_rng((self.seed, 7, turn)).permutation(len(self.names))
            found.append(self.names[order[index]])
        # At a seam of two passes a product may come twice.
        return list(dict.fromkeys(found))

    def batch(self, step: int) -> Batch:
        """The batch of ``step``."""
        samples, rng = self.choose(step)
        views = [_random_view(s, self.size, self.vocabulary.landmarks, rng) for s in samples]
        images = torch.from_numpy(np.stack([view for view, _, _ in views])).permute(0, 3, 1, 2).float()
        images = colour_jitter(images, torch.Generator().manual_seed(int(rng.integers(2**31))))
        labels = {name: torch.from_numpy(v) for name, v in labels_of(samples, self.vocabulary).items()}
        return Batch(
            images.sub_(IMAGENET_MEAN).div_(IMAGENET_STD),
            torch.tensor([s.domain == "shop" for s in samples]),
            labels.pop("identity"),
            labels.pop("category"),
            labels,
            torch.from_numpy(np.stack([places for _, places, _ in views])),
            torch.from_numpy(np.stack([visibility for _, _, visibility in views])).long(),
        )

    def batches(self, first: int, last: int) -> Iterator[Batch]:
        """Those of steps ``first`` to ``last`` - 1, the next one made while the network computes."""
        with ThreadPoolExecutor(1) as maker:
            ready = maker.submit(self.batch, first) if first < last else None
            for step in range(first, last):
                assert ready is not None
                batch = ready.result()
                ready = maker.submit(self.batch, step + 1) if step + 1 < last else None
                yield batch


def positive_share(samples: list[Sample], vocabulary: Vocabulary) -> Tensor:
    """Of every attribute value (all attributes' values in order), its share where the attribute is known."""
    labels = labels_of(samples, vocabulary)
    shares = []
    for name, values in vocabulary.values.items():
        known = labels[name][labels[name] >= 0]
        shares += [float((known == index).mean()) if len(known) else 0.5 for index in range(len(values))]
    return torch.tensor(shares, dtype=torch.float32)
