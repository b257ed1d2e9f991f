"""What a vector looks like to be of, by a detector's groups: a linear head in the bundle's space.

A shop calls its shelves as it likes ("Sortiment 4", "Bas"), and no list of names knows them all. What lies on
one says what it is for: the head reads the group from the vectors that a store has anyway. In ``bundle.json``
it is ``"groups"``, a `LinearHead` whose names are some of the detector's groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pocketshelf.formats.fields import Fields
from pocketshelf.formats.linear_head import LinearHead

__all__ = ["GroupHead"]

# A group is among a category's from this share of its likeliest group's probability on: a shelf of shirts is
# of one group, a shelf of what is on sale of any.
SHARE = 0.5


@dataclass(frozen=True, eq=False)
class GroupHead(LinearHead):
    """Tells the groups apart; of another than its names it says nothing."""

    def groups(self, vectors: np.ndarray) -> frozenset[str]:
        """Which groups the products of one category are of, by their `shares`."""
        shares = self.shares(vectors)
        return frozenset(name for name, share in shares.items() if share >= SHARE * max(shares.values()))

    def shares(self, vectors: np.ndarray) -> dict[str, float]:
        """Group → how likely a product of one category is of it; in sum 1.

        Args:
            vectors: (n, D), n above 0, of any length: some products' pictures. The probabilities are the
                softmax of each, and their mean.
        """
        mean = self.probabilities(vectors).mean(axis=0)
        return dict(zip(self.names, mean.tolist(), strict=True))

    @classmethod
    def parse(cls, part: Fields, dimension: int, known: Sequence[str]) -> GroupHead:
        """Raises the error of ``part``: not a `LinearHead`, or of other groups than ``known``."""
        if unknown := [name for name in part.texts("names") if name not in known]:
            raise part.error("names", f"names {unknown[0]!r}, which is none of the detector's groups")
        return cls(*cls.read(part, dimension))
