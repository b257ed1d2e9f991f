"""The garments of a collection: number and seed give a garment and its split, whoever asks, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from pocketshelf_training.studio.drawing.palette import CLOTH
from pocketshelf_training.studio.garments.garment import Attributes, Garment
from pocketshelf_training.studio.wardrobe.form import Form
from pocketshelf_training.studio.wardrobe.forms import FORMS

__all__ = ["SPLITS", "Collection", "split_of"]

SPLITS = ("train", "val", "test")
# Of eight garments in a row one is val and one is test.
_BLOCK = ("train",) * 6 + ("val", "test")

_SOLID, _REAL, _OWN_COLOURS = 0.3, 0.5, 0.3
_DARK = ("black", "navy", "burgundy", "brown", "purple", "green", "teal", "olive", "red", "blue")
_LIGHT_SECOND = ("white", "yellow", "sky", "pink", "beige", "orange", "grey")
_DARK_SECOND = ("navy", "black", "red", "teal", "brown", "purple", "green", "blue", "burgundy")


def split_of(index: int, seed: int) -> str:
    """The split of garment ``index``."""
    block, place = divmod(index, len(_BLOCK))
    return _BLOCK[np.random.default_rng([seed, block, 11]).permutation(len(_BLOCK))[place]]


@dataclass(frozen=True)
class Collection:
    """``count`` garments.

    Attributes:
        close_ups: split to pattern to the real close-ups of fabric; empty: all cloth is drawn.
    """

    count: int
    seed: int
    close_ups: dict[str, dict[str, list[Path]]] = field(default_factory=dict, hash=False)

    def garment(self, index: int) -> Garment:
        """The garment of that number.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"no garment {index}; there are {self.count}")
        return _drawn(self, index)

    def split(self, index: int) -> str:
        """See `split_of`."""
        return split_of(index, self.seed)

    def partner(self, index: int, groups: tuple[str, ...], rng: np.random.Generator) -> int | None:
        """Another garment of the same split, of one of ``groups``; None where a few tries find none."""
        split = self.split(index)
        others = (int(rng.integers(self.count)) for _ in range(60))
        # The group is known without drawing the garment.
        fits = (n for n in others if n != index and _form(n).group in groups and self.split(n) == split)
        return next(fits, None)


def _form(index: int) -> Form:
    return FORMS[index % len(FORMS)]


@lru_cache(maxsize=256)
def _drawn(collection: Collection, index: int) -> Garment:
    seed = collection.seed
    rng = np.random.default_rng([seed, index, 1])
    form = _form(index)
    colour, second, pattern = _colours(form, rng)
    close_ups = collection.close_ups.get(collection.split(index), {}).get(pattern, [])
    real = bool(close_ups) and rng.random() < _REAL and form.place == "worn"
    fabric = close_ups[int(rng.integers(len(close_ups)))] if real else None
    own = real and pattern != "solid" and rng.random() < _OWN_COLOURS
    length, drop = _length(form, rng)
    attributes = Attributes(
        sleeve=_one(form.sleeves, rng),
        neckline=_one(form.necklines, rng),
        closure=_one(form.closures, rng),
        length=length,
        pattern=pattern,
        colour=colour,
        second_colour=second,
    )
    product_id, own_seed = f"studio{seed}-{index:05d}", seed * 1_000_003 + index
    return Garment(product_id, form, attributes, own_seed, drop, fabric, own)


def _colours(form: Form, rng: np.random.Generator) -> tuple[str, str, str]:
    colour = str(rng.choice(list(CLOTH)))
    others = _LIGHT_SECOND if colour in _DARK else _DARK_SECOND
    second = str(rng.choice([name for name in others if name != colour]))
    pattern = "solid" if rng.random() < _SOLID else str(rng.choice(form.patterns))
    return colour, second, pattern


def _one(names: tuple[str, ...], rng: np.random.Generator) -> str | None:
    return str(rng.choice(names)) if names else None


def _length(form: Form, rng: np.random.Generator) -> tuple[str | None, float]:
    if not form.lengths:
        return None, 1.0
    name, factor = form.lengths[int(rng.integers(len(form.lengths)))]
    return name, factor * float(rng.uniform(0.96, 1.04))
