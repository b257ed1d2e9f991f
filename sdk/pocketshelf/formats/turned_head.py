"""Whether a vector looks like that of a turned picture: a linear head in the bundle's space.

An embedder that was trained on things the right way up gives a shirt that lies on its side another vector,
and that vector says so. What it cannot say is which side: networks are trained on mirrored pictures, too, and
what lies on its left lies on its right in the mirror. In ``bundle.json`` it is

    "turned": {"space", "names": ["upright", "sideways", "upside down"], "weights", "scales", "bias",
      "threshold": 0.7}

a `LinearHead` of these three names, in this order, and the probability from which on a class is believed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.formats.fields import Fields
from pocketshelf.formats.linear_head import LinearHead

__all__ = ["NAMES", "TurnedHead"]

NAMES = ("upright", "sideways", "upside down")
# Quarter turns, anticlockwise, that put a picture of each right.
TURNS = ((), (1, 3), (2,))


@dataclass(frozen=True, eq=False)
class TurnedHead(LinearHead):
    """Tells upright pictures from turned ones.

    Attributes:
        threshold: the probability from which on a picture is taken for turned.
    """

    threshold: float

    def turns(self, vector: np.ndarray) -> tuple[int, ...]:
        """By how many quarters, anticlockwise, a picture should be turned to be looked at again, if at all.

        Args:
            vector: (D,), of any length.
        """
        likely = self.probabilities(vector[None])[0] >= self.threshold
        chosen = [turns for turns, is_likely in zip(TURNS, likely, strict=True) if is_likely]
        return tuple(sorted(itertools.chain.from_iterable(chosen)))

    def to_json(self, space: str) -> dict[str, Any]:
        """The format above."""
        return {**super().to_json(space), "threshold": self.threshold}

    @classmethod
    def parse(cls, part: Fields, dimension: int) -> TurnedHead:
        """Raises the error of ``part``: not the format above."""
        if tuple(part.texts("names")) != NAMES:
            raise part.error("names", f"is not {', '.join(NAMES)}")
        return cls(*cls.read(part, dimension), threshold=part.number("threshold", low=0, high=1))
