"""The library of looks: who wore what with what. A store like any other, of kind ``looks``.

A garment is a product: its category is ``looks/<role>``, its attributes are ``kind`` ("looks"), ``look`` (the
person in the photo, the same for all that is worn together), ``role`` and ``palette`` (its colours), and its
image names the photo. So a library is built, published, synced, verified and rolled back by what there is for
shelves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.outfit.head import OutfitHead
from pocketshelf.outfit.roles import ROLES
from pocketshelf.stages.colours import PALETTE, first_palettes, histograms
from pocketshelf.store import Store
from pocketshelf.store.libraries import LOOKS

__all__ = ["KIND", "Advice", "Advisor", "Looks", "look_product"]

KIND = LOOKS
# All of them are held in memory.
MAX_GARMENTS = 100_000
# Placed at once: each needs a histogram for a moment.
_AT_ONCE = 4096


def look_product(
    look: str, role: str, vector: np.ndarray, image: str | None, sequence: int = 0, palette: str = ""
) -> Product:
    """A garment of a look as a product.

    Args:
        vector: float32 (D,), of the garment's box.
        image: the photo.
        palette: of the garment's box (`pocketshelf.stages.colours.palette_of`); empty: unknown.
    """
    stated = {"kind": KIND, "look": look, "role": role} | ({PALETTE: palette} if palette else {})
    return Product(
        product_id=f"{look}/{role}",
        sequence=sequence,
        category=f"{KIND}/{role}",
        title=f"{role} of {look}",
        image=image,
        vectors=quantize_vectors(vector[None]),
        attributes=stated,
    )


class Advice(NamedTuple):
    """What looks say of a garment and one partner's role.

    Attributes:
        looks: names of the looks, nearest first, m of them.
        images: their photos.
        nearness: float32 (m,): how alike the look's garment and the one asked about are, to the head.
        weights: float32 (m,), sum 1.
        partners: float32 (m, D): what was worn with it, of length 1.
        projected: float32 (m, P): the same in the head's space.
        head: whose space that is.
    """

    looks: list[str]
    images: list[str | None]
    nearness: np.ndarray
    weights: np.ndarray
    partners: np.ndarray
    projected: np.ndarray
    head: OutfitHead

    def votes(self, projected: np.ndarray) -> np.ndarray:
        """(n, m): how much each look speaks for each of ``projected`` (n, P)."""
        return self.weights * self.head.likeness(projected, self.projected)


@dataclass(frozen=True)
class Looks:
    """A library in memory.

    Attributes:
        names, images: of the looks, n of them.
        vectors: role → float16 (n, D) of length 1; zeros where a look has no such garment.
        palettes: role → n texts; empty ones where there is no such garment, or its colours are unknown.
    """

    names: list[str]
    images: list[str | None]
    vectors: dict[str, np.ndarray]
    palettes: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: str | Path, bundle: Bundle) -> Looks:
        """Read the library at ``path``.

        Raises:
            StoreError: there is no store, it is damaged, or it holds no looks, or too many.
            SpaceMismatch: it is of another space than ``bundle``.
        """
        with Store.open(path) as store:
            store.require_space(bundle)
            if len(store) > MAX_GARMENTS:
                raise StoreError(
                    f"{path}: {len(store):,} garments; a device takes up to {MAX_GARMENTS:,}; leave some out"
                )
            looks = cls.of(store.shard)
        if not looks.names:
            raise StoreError(f"{path}: no looks in this store; pocketshelf-train looks makes a library")
        return looks

    @classmethod
    def of(cls, products: Iterable[Product]) -> Looks:
        """Those among ``products``; whatever else there is is passed over."""
        garments = [
            p for p in products if p.attributes.get("kind") == KIND and p.attributes.get("role") in ROLES
        ]
        images = {str(p.attributes.get("look")): p.image for p in garments}
        place = {name: row for row, name in enumerate(images)}
        dimension = garments[0].vectors.shape[1] if garments else 0
        vectors = {role: np.zeros((len(place), dimension), np.float16) for role in ROLES}
        palettes = {role: [""] * len(place) for role in ROLES}
        for product, palette in zip(garments, first_palettes(p.attributes for p in garments), strict=True):
            role, row = product.attributes["role"], place[str(product.attributes["look"])]
            vectors[role][row] = _unit(product.vectors[0].astype(np.float32))
            palettes[role][row] = palette
        return cls(list(place), list(images.values()), vectors, palettes)

    def __len__(self) -> int:
        return len(self.names)


class Advisor:
    """A library as a head sees it.

    Args:
        looks: the library.
        head: cosines are those of its space, where street and shop lie together.
    """

    def __init__(self, looks: Looks, head: OutfitHead) -> None:
        self._looks = looks
        self._head = head
        self._worn = {role: rows.any(axis=1) for role, rows in looks.vectors.items()}
        self._projected = {role: self._placed(role) for role in looks.vectors}

    def __len__(self) -> int:
        return len(self._looks)

    def _placed(self, role: str) -> np.ndarray:
        vectors, palettes = self._looks.vectors[role], self._looks.palettes.get(role, [])
        if self._head.colours is None or not any(palettes):
            return self._head.project(vectors)
        parts = [slice(first, first + _AT_ONCE) for first in range(0, len(vectors), _AT_ONCE)]
        placed = [self._head.project(vectors[p], colours=histograms(palettes[p])) for p in parts]
        return np.concatenate(placed)

    def advice(self, role: str, garment: np.ndarray, other: str) -> Advice | None:
        """What was worn with the head's number of garments nearest to ``garment`` (P,); None if nothing was.

        Args:
            role: of the garment; other: of the partner.
        """
        both = np.flatnonzero(self._worn[role] & self._worn[other])
        if not len(both):
            return None
        cosines = self._head.likeness(garment[None], self._projected[role][both])[0]
        best = np.argsort(-cosines, kind="stable")[: self._head.neighbours]
        weights = np.exp((cosines[best] - cosines[best[0]]) / self._head.temperature)
        rows = both[best]
        return Advice(
            [self._looks.names[row] for row in rows],
            [self._looks.images[row] for row in rows],
            cosines[best],
            weights / weights.sum(),
            self._looks.vectors[other][rows].astype(np.float32),
            self._projected[other][rows],
            self._head,
        )


def _unit(row: np.ndarray) -> np.ndarray:
    return row / max(float(np.linalg.norm(row)), 1e-9)
