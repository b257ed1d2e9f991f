"""The embedder's pictures, decoded once and kept as uint8, with labels; and products left out on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data import clothing, composites, grocery
from pocketshelf_training.data.protocol import DataMissing, Sample
from pocketshelf_training.samplers.labelled import numbers

__all__ = ["Pool", "learnable", "left_out", "load_pools", "load_things", "without"]

# Its id, or its number.
Product = TypeVar("Product", str, int)


@dataclass
class Pool:
    """Decoded pictures with labels; -1 where there is none.

    Attributes:
        images: uint8 (h, w, 3) each.
        products, categories: int64 (n,).
    """

    images: list[np.ndarray]
    products: np.ndarray
    categories: np.ndarray
    samples: list[Sample]

    def __len__(self) -> int:
        return len(self.images)

    def only(self, chosen: np.ndarray) -> Pool:
        """The pictures where ``chosen`` (bool (n,) or indices) says so; nothing is copied."""
        rows = np.arange(len(self))[chosen]
        return Pool(
            [self.images[i] for i in rows],
            self.products[rows],
            self.categories[rows],
            [self.samples[i] for i in rows],
        )


def load_pools(
    root: str | None, products: list[str], categories: list[str], samples: list[Sample] | None = None
) -> dict[str, Pool]:
    """Every labelled picture of grocery and clothing, by "grocery-train", "shop", "clothing-val" …

    Args:
        samples: products' pictures instead of grocery's, in pools of the same names; the garments are left
            out then where they are not at hand.
    """
    chosen: dict[str, list[Sample]] = {}
    goods = grocery.load(root) if samples is None else samples
    for sample in goods + _garments(root, needed=samples is None):
        kind = "clothing" if sample.identity is None else "grocery"
        name = "shop" if sample.domain == "shop" else f"{kind}-{sample.split}"
        chosen.setdefault(name, []).append(sample)
    return {
        name: Pool(
            [decode_photo(sample.image).pixels for sample in samples],
            numbers(products, [s.identity for s in samples]),
            numbers(categories, [s.category for s in samples]),
            samples,
        )
        for name, samples in chosen.items()
    }


def _garments(root: str | None, needed: bool) -> list[Sample]:
    try:
        return [sample for sample in clothing.load(root) if sample.category]
    except DataMissing:
        if needed:
            raise
        return []


def learnable(name: str, samples: list[Sample]) -> list[Sample]:
    """The first of the shop's pictures of each product, and the customers' photos of these products.

    Raises:
        UsageError: there are too few of either; says what to do instead.
    """
    shop = {s.identity: s for s in reversed(samples) if s.domain == "shop" and s.identity and s.category}
    photos = [s for s in samples if s.domain == "street" and s.identity in shop]
    for split in ("train", "val"):
        if not any(s.split == split for s in photos):
            raise UsageError(
                f"data set {name!r}: no customer's photo (domain street) of split {split} of a product "
                "that has a shop's picture and category; shop pictures suffice to `pocketshelf-train adapt`"
            )
    return [*reversed(shop.values()), *photos]


def load_things(folder: str | Path, first: int) -> Pool:
    """The cut-out garments of ``prepare composites`` on white, each a product of its own from ``first`` on.

    Only those of split train; goods are left out, for they are the catalogue's products.
    """
    found = [
        sample
        for sample in composites.load(folder, ("clothing", "street"), one_per="photo")
        if sample.split == "train" and sample.domain == "shop"
    ]
    return Pool(
        [decode_photo(sample.image).pixels for sample in found],
        np.arange(first, first + len(found)),
        np.full(len(found), -1),
        found,
    )


def left_out(products: Sequence[Product], seed: int, share: float) -> list[Product]:
    """The products that a leave-products-out training must not see: ``share`` of them, drawn by ``seed``."""
    order = np.random.default_rng(seed).permutation(len(products))
    return sorted(products[i] for i in order[: int(share * len(products))])


def without(pools: dict[str, Pool], identities: list[str]) -> dict[str, Pool]:
    """The pools without any picture of these products, the shop's own included."""
    hidden = set(identities)
    return {
        name: pool.only(np.array([s.identity not in hidden for s in pool.samples]))
        for name, pool in pools.items()
    }
