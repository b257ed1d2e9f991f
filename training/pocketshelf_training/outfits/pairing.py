"""Who is worn with whom: the garments of a table as roles, looks and pairs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pocketshelf.outfit import ROLES, role_of
from pocketshelf_training.outfits.garments import Garments

__all__ = ["Outfits", "largest_of_each_role"]


@dataclass(frozen=True)
class Outfits:
    """Garments, with the photo that each is worn in.

    Attributes:
        garments: one of each role a photo at most, all of a group that has a role.
    """

    garments: Garments

    def __len__(self) -> int:
        return len(self.garments)

    @cached_property
    def roles(self) -> np.ndarray:
        """int (n,): place in `ROLES`."""
        return np.array([ROLES.index(str(role_of(str(group)))) for group in self.garments.groups], int)

    @cached_property
    def photos(self) -> np.ndarray:
        """int (n,): the photo's number."""
        return np.unique(self.garments.photos, return_inverse=True)[1].ravel()

    @cached_property
    def worn(self) -> list[np.ndarray]:
        """Rows of each photo that has two garments or more."""
        found: dict[int, list[int]] = defaultdict(list)
        for row, photo in enumerate(self.photos):
            found[int(photo)].append(row)
        return [np.array(rows) for rows in found.values() if len(rows) > 1]

    @cached_property
    def pairs(self) -> np.ndarray:
        """int (m, 2): garments worn together, each pair both ways."""
        both = [(i, j) for rows in self.worn for i in rows for j in rows if i != j]
        return np.array(both, int).reshape(-1, 2)

    def take(self, rows: np.ndarray) -> Outfits:
        """Those of ``rows``: indices, or bool (n,)."""
        return Outfits(self.garments.take(rows))


def largest_of_each_role(garments: Garments) -> np.ndarray:
    """Rows, ascending: of each photo and role the garment with the largest box. Groups without a role go."""
    area = garments.boxes[:, 2] * garments.boxes[:, 3]
    best: dict[tuple[str, str], int] = {}
    for row in np.argsort(-area, kind="stable"):
        if role := role_of(str(garments.groups[row])):
            best.setdefault((str(garments.photos[row]), role), int(row))
    return np.array(sorted(best.values()), int)
