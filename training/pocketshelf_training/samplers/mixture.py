"""Which pictures an epoch shows, and how each is made. Everything follows from the seed and the epoch."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf_training.data import goods
from pocketshelf_training.models.detector import GROUPS
from pocketshelf_training.samplers.alone import alone, light_ground
from pocketshelf_training.samplers.hard_cases import harder
from pocketshelf_training.samplers.pictures import Picture, colour, flip, mosaic, view
from pocketshelf_training.samplers.sources import Labelled, PhotoCache, instance

__all__ = ["Mixture", "Order", "repeat_factors"]

GOODS = GROUPS.index("goods")
# Repeat-factor sampling (Gupta, Dollár and Girshick, CVPR 2019, section 5.1): a group in fewer photos than
# this share makes its photos come more often.
FREQUENT = 0.25
# Of the pictures that are not street photos, how many are composites where there are real ones as well.
COMPOSITES = 0.3
# Sources whose photos show people, and are mixed and pasted upon.
PEOPLE = ("street", "more")


@dataclass(frozen=True)
class Order:
    """One picture to be made: from which source, from which photo of it."""

    source: str
    index: int


@dataclass
class Mixture:
    """The sources and the recipe.

    Args:
        photos: labelled ones, by source: "street", "goods", "garment", "more"; all but street may be empty.
        cut_outs: of the shop's pictures, RGBA.
        grounds: photos to put composites on.
        cache: of decoded photos.
        others: how many other pictures come to a street photo.
        hard: share of the street photos that `hard_cases` makes harder; half of it in plain epochs.
        more: how many of those pictures come to a street photo, at most all.
        alone: how many garments, cut out and alone on a light ground, come to a street photo.
    """

    photos: dict[str, list[Labelled]]
    cut_outs: list[Image.Image]
    grounds: list
    cache: PhotoCache
    others: float = 0.35
    hard: float = 0.0
    more: float = 0.0
    alone: float = 0.0
    street: list[Labelled] = field(init=False)
    factors: np.ndarray = field(init=False)
    donors: list[tuple[int, int]] = field(init=False)
    donor_weights: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.street = self.photos["street"]
        self.factors = repeat_factors([photo.groups for photo in self.street])
        self.donors = [(i, k) for i, photo in enumerate(self.street) for k in range(len(photo.groups))]
        counts = np.bincount([self.street[i].groups[k] for i, k in self.donors], minlength=len(GROUPS))
        # By the root of rarity: the rare groups are pasted more, the common ones still are.
        weights = np.array([counts[self.street[i].groups[k]] ** -0.5 for i, k in self.donors])
        self.donor_weights = weights / weights.sum()

    def decode_all(self) -> None:
        """Fill the cache, for processes that are to share it."""
        labelled = [photo.image for source in self.photos.values() for photo in source]
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.cache.image, dict.fromkeys([*labelled, *self.grounds])))

    def plan(self, seed: int, epoch: int) -> list[Order]:
        """The epoch's pictures in their order: every street photo, rare ones repeated, and the others."""
        rng = np.random.default_rng([seed, epoch, 0])
        whole = np.floor(self.factors)
        times = whole + (rng.random(len(self.factors)) < self.factors - whole)
        orders = [Order("street", i) for i, n in enumerate(times.astype(int)) for _ in range(n)]
        count = round(self.others * len(self.street))
        real, garments = (
            [Order(source, i) for i in range(len(self.photos[source]))] for source in ("goods", "garment")
        )
        composed = round(count * COMPOSITES) if real or garments else count
        orders += [Order("composite", i) for i in range(composed)]
        # Goods photos stand in for a whole group, garment photos only add to groups that street has.
        shares = [len(real) > 0, 0.5 * (len(garments) > 0)]
        for pool, share in zip((real, garments), shares, strict=True):
            wanted = round((count - composed) * share / sum(shares)) if sum(shares) else 0
            orders += [pool[i] for i in rng.permutation(len(pool))[:wanted]]
        found = rng.permutation(len(self.photos.get("more", [])))[: round(self.more * len(self.street))]
        orders += [Order("more", int(i)) for i in found]
        orders += [Order("alone", i) for i in range(round(self.alone * len(self.street)))]
        return [orders[i] for i in rng.permutation(len(orders))]

    def make(self, order: Order, size: int, rng: np.random.Generator, strength: float) -> Picture:
        """The picture of ``order``, augmented and squashed to ``size``.

        Args:
            strength: 1 with mosaics, pasting and strong views, towards 0 the plain photo.
        """
        if order.source in PEOPLE and self.hard and rng.random() < self.hard * max(strength, 0.5):
            other = self._raw(Order("street", int(rng.integers(len(self.street)))), rng, strength)
            made = harder(self._raw(order, rng, strength), other, size, rng)
        elif order.source in PEOPLE and rng.random() < 0.3 * strength:
            others = [self._raw(self._any(rng), rng, strength) for _ in range(3)]
            made = mosaic([self._raw(order, rng, strength), *others], size, rng)
        else:
            made = view(self._raw(order, rng, strength), size, rng, max(strength, 0.4))
        if rng.random() < 0.5:
            made = flip(made)
        return Picture(colour(made.image, rng, max(strength, 0.4)), made.boxes, made.groups)

    def _any(self, rng: np.random.Generator) -> Order:
        """A picture for the rest of a mosaic: mostly street."""
        name = ("goods", "garment", "composite")[int(rng.integers(3))]
        count = len(self.photos[name]) if name in self.photos else 1
        if count and rng.random() < 0.3:
            return Order(name, int(rng.integers(count)))
        return Order("street", int(rng.integers(len(self.street))))

    def _raw(self, order: Order, rng: np.random.Generator, strength: float) -> Picture:
        if order.source == "composite":
            return self._composite(rng)
        if order.source == "alone":
            return self._alone(rng)
        picture = self.cache.picture(self.photos[order.source][order.index])
        if order.source in PEOPLE and rng.random() < 0.3 * strength:
            picture = self._pasted(picture, rng)
        return picture

    def _pasted(self, picture: Picture, rng: np.random.Generator) -> Picture:
        """A garment of another photo put somewhere on this one (Ghiasi et al., CVPR 2021)."""
        piece, group = self._donor(rng)
        if piece is None:
            return picture
        scale = math.exp(rng.uniform(-0.5, 0.4))
        piece = piece.resize((max(4, round(piece.width * scale)), max(4, round(piece.height * scale))))
        if rng.random() < 0.5:
            piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image = picture.image.copy()
        reach = np.array(image.size) - 0.7 * np.array(piece.size)
        at = rng.uniform(-0.1, 1.0, 2) * reach
        box, outline = goods.paste(image, piece, (round(at[0]), round(at[1])))
        if outline.sum() < 30:
            return picture
        return picture.with_box(image, [box], group)

    def _donor(self, rng: np.random.Generator) -> tuple[Image.Image | None, int]:
        """A garment cut out of a street photo, rare groups more often, and its group."""
        photo, number = self.donors[rng.choice(len(self.donors), p=self.donor_weights)]
        return instance(self.street[photo], number, self.cache), int(self.street[photo].groups[number])

    def _alone(self, rng: np.random.Generator) -> Picture:
        """See `pocketshelf_training.samplers.alone`."""
        side = 1.25 * self.cache.side / 1.5
        width, height = (round(side * math.exp(rng.uniform(-0.2, 0.2))) for _ in range(2))
        ground = light_ground((width, height), rng)
        return alone(*self._donor(rng), ground, rng.uniform(0.4, 0.95), rng.uniform(0.2, 0.8, 2))

    def _composite(self, rng: np.random.Generator) -> Picture:
        """Goods on a blurred photo, on a street photo that keeps its garments, or on a plain wall."""
        kind = rng.random()
        if kind < 0.25:
            under = self.cache.picture(self.street[int(rng.integers(len(self.street)))])
            image = under.image.copy()
        else:
            under = Picture(Image.new("RGB", (1, 1)), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
            image = self._ground(rng) if kind < 0.85 else _wall(rng)
        boxes = goods.compose(image, self.cut_outs, rng)
        return under.with_box(image, boxes, GOODS)

    def _ground(self, rng: np.random.Generator) -> Image.Image:
        """A real photo, out of focus: whatever is on it is not what the customer means."""
        image, _ = self.cache.image(self.grounds[int(rng.integers(len(self.grounds)))])
        # At half the size: the blur takes the detail anyway.
        small = image.reduce(2).filter(ImageFilter.GaussianBlur(max(image.size) * rng.uniform(0.004, 0.015)))
        return small.resize(image.size)


def _wall(rng: np.random.Generator) -> Image.Image:
    """A gradient between two random colours."""
    ends = rng.integers(30, 256, (2, 2, 3)).astype(np.uint8)
    return Image.fromarray(ends).resize((320, 320), Image.Resampling.BICUBIC)


def repeat_factors(groups: list[np.ndarray]) -> np.ndarray:
    """How often each photo should come: sqrt(FREQUENT / share) of its rarest group, at least once."""
    shares = np.zeros(len(GROUPS))
    for found in groups:
        shares[np.unique(found)] += 1 / len(groups)
    factors = np.sqrt(FREQUENT / np.maximum(shares, 1e-9)).clip(min=1.0)
    return np.array([factors[found].max(initial=1.0) for found in groups])
