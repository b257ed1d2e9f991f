"""What a vector looks like to be of, by a detector's groups: a linear head in the bundle's space.

A shop calls its shelves as it likes ("Sortiment 4", "Bas"), and no list of names knows them all. What lies on
one says what it is for: the head reads the group from the vectors that a store has anyway.

    "groups": {"space": "<space id>", "names": ["upper", …], "weights": "<base64 of int8 (G, D)>",
      "scales": [g…], "bias": [g…]}

A logit of group i is scales[i] · weights[i] · v + bias[i], v being a product's vector at length 1. It is of
one space: a bundle of another, as of one's own embedder, has none.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.formats.fields import Fields

__all__ = ["GroupHead"]

# A group is among a category's from this share of its likeliest group's probability on: a shelf of shirts is
# of one group, a shelf of what is on sale of any.
SHARE = 0.5
# Of a scale and a bias: more than any head needs. Beyond what a float holds there would be no groups at all.
LARGEST = 1e6


@dataclass(frozen=True, eq=False)
class GroupHead:
    """A linear classifier of vectors.

    Attributes:
        names: the groups that it tells apart; of another it says nothing.
        weights: float32 (G, D).
        bias: float32 (G,).
    """

    names: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    def groups(self, vectors: np.ndarray) -> frozenset[str]:
        """Which groups the products of one category are of.

        Args:
            vectors: (n, D), n above 0, of any length: some products' pictures. The probabilities are the
                softmax of each, and their mean.
        """
        each = self.looks(vectors)
        mean = (each / each.sum(axis=1, keepdims=True)).mean(axis=0)
        return frozenset(np.array(self.names)[mean >= SHARE * mean.max()].tolist())

    def looks(self, vectors: np.ndarray) -> np.ndarray:
        """How likely each group is beside the likeliest one, float32 (n, G): 1 for that, above 0 for others.

        Args:
            vectors: (n, D), of any length.
        """
        rows = vectors.astype(np.float32)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        logits = rows @ self.weights.T + self.bias
        each: np.ndarray = np.exp(logits - logits.max(axis=1, keepdims=True))
        return each

    def to_json(self, space: str) -> dict[str, Any]:
        """The format above; the weights are rounded to 127 steps of each row's largest."""
        scales = np.maximum(np.abs(self.weights).max(axis=1), 1e-12) / 127
        rounded = np.rint(self.weights / scales[:, None]).astype(np.int8)
        return {
            "space": space,
            "names": list(self.names),
            "weights": base64.b64encode(rounded.tobytes()).decode(),
            "scales": [float(f"{scale:.6g}") for scale in scales],
            "bias": [float(f"{value:.6g}") for value in self.bias],
        }

    @classmethod
    def parse(cls, part: Fields, dimension: int, known: Sequence[str]) -> GroupHead:
        """Raises the error of ``part``: not the format above, or of other groups than ``known``."""
        names = part.texts("names")
        if unknown := [name for name in names if name not in known]:
            raise part.error("names", f"names {unknown[0]!r}, which is none of the detector's groups")
        scales, bias = (part.numbers(name, -LARGEST, LARGEST) for name in ("scales", "bias"))
        try:
            rounded = np.frombuffer(base64.b64decode(part.text("weights"), validate=True), np.int8)
        except ValueError:
            raise part.error("weights", "is no base64") from None
        if not names or not len(names) == len(scales) == len(bias) or len(rounded) != len(names) * dimension:
            raise part.error("weights", f"is not {dimension} numbers, a scale and a bias for each name")
        scaled = rounded.reshape(len(names), dimension) * np.array(scales, np.float32)[:, None]
        return cls(names, scaled.astype(np.float32), np.array(bias, np.float32))
