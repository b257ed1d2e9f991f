"""Mixed batches for the embedder: phone photos, shop pictures and garments, augmented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.samplers.pools import Pool
from pocketshelf_training.samplers.sampler import Sampler
from pocketshelf_training.samplers.views import PERMUTATIONS, random_view, shop_on_background, training_input

__all__ = ["THINGS", "Batch", "PoolSampler"]

THINGS = ("things", "pasted")
# Share of the pictures of which a part is covered.
ERASED = 0.3


@dataclass(frozen=True)
class Batch:
    """Normalised images (n, 3, s, s) with labels (n,), -1 where there is none.

    Attributes:
        shop: which are shop pictures.
        rows: of each image, its place in its pool.
        turns: which of `PERMUTATIONS` its colour channels went through.
        parts: pool → the images that came from it.
    """

    images: Tensor
    products: Tensor
    categories: Tensor
    shop: Tensor
    rows: Tensor
    turns: Tensor
    parts: dict[str, slice]


class PoolSampler(Sampler[Batch]):
    """One epoch of augmented batches, ``steps`` of them.

    Args:
        sizes: how many of each pool a batch holds; the first pool's length makes the epoch. Pool "things"
            is shown on white, pool "pasted" (the same pictures) on parts of the products' photos.
        virtual: share of the products' pictures whose colour channels change places. That makes another
            product of them, the same one in photos and in the shop's picture: product + turn · count, the
            category unknown (after Lee, Hwang and Shin, "Self-supervised label augmentation", ICML 2020).
    """

    def __init__(
        self,
        pools: dict[str, Pool],
        sizes: dict[str, int],
        size: int,
        seed: int,
        virtual: float = 0.0,
    ) -> None:
        self.pools, self.sizes, self.size, self.virtual = pools, sizes, size, virtual
        self.seed = seed
        self.count = 1 + max(
            int(pool.products.max(initial=-1)) for name, pool in pools.items() if name not in THINGS
        )
        first = next(iter(sizes))
        self.steps = max(1, len(pools[first]) // sizes[first])
        rng = np.random.default_rng(seed)
        self.orders = {
            name: _order(len(pools[name]), count * self.steps, rng) for name, count in sizes.items()
        }

    def batch(self, step: int) -> Batch:
        """The batch of ``step``."""
        chosen = {name: self.orders[name][step * c : (step + 1) * c] for name, c in self.sizes.items()}
        return self._made(chosen, np.random.default_rng((self.seed, step)))

    def _made(self, chosen: dict[str, np.ndarray], rng: np.random.Generator) -> Batch:
        views: list[np.ndarray] = []
        products, categories, shop, turned = [], [], [], []
        parts: dict[str, slice] = {}
        for name, indices in chosen.items():
            pool = self.pools[name]
            parts[name] = slice(len(views), len(views) + len(indices))
            turns = self._turns(np.where(name in THINGS, -1, pool.products[indices]), rng)
            for index, turn in zip(indices, turns, strict=True):
                views.append(self._view(name, pool.images[index], rng)[..., PERMUTATIONS[turn]])
                shop.append(name in ("shop", "things"))
            turned.append(turns)
            products.append(pool.products[indices] + turns * self.count)
            categories.append(np.where(turns > 0, -1, pool.categories[indices]))
        return Batch(
            training_input(views, rng, ERASED),
            torch.from_numpy(np.concatenate(products)),
            torch.from_numpy(np.concatenate(categories)),
            torch.tensor(shop),
            torch.from_numpy(np.concatenate(list(chosen.values()))),
            torch.from_numpy(np.concatenate(turned)),
            parts,
        )

    def _turns(self, products: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """For each picture the order of its colour channels; 0 without a product."""
        if not self.virtual:
            return np.zeros(len(products), np.int64)
        changed = (rng.random(len(products)) < self.virtual) & (products >= 0)
        return np.where(changed, rng.integers(1, len(PERMUTATIONS), len(products)), 0)

    def _view(self, name: str, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if name == "things" or (name == "shop" and rng.random() < 0.5):
            return random_view(pixels, self.size, rng, smallest=0.7, rotate=0)
        if name in ("shop", "pasted"):
            ground = self.pools["grocery-train"].images
            pixels = shop_on_background(pixels, ground[rng.integers(len(ground))], rng)
            return random_view(pixels, self.size, rng, smallest=0.6)
        return random_view(pixels, self.size, rng)


def _order(length: int, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """``wanted`` indices: shuffled passes over the pool, so that each picture comes equally often."""
    passes = -(-wanted // length)
    return np.concatenate([rng.permutation(length) for _ in range(passes)])[:wanted]
