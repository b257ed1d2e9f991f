"""A linear classifier of vectors in a bundle's space, as ``bundle.json`` holds one.

    {"space": "<space id>", "names": ["upper", …], "weights": "<base64 of int8 (N, D)>",
     "scales": [n…], "bias": [n…]}

A logit of class i is scales[i] · weights[i] · v + bias[i], v being a vector at length 1. It is of one space:
a bundle of another, as of one's own embedder, has none.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.formats.fields import Fields

__all__ = ["LinearHead"]

# Of a scale and a bias: more than any head needs. Beyond what a float holds there would be no classes at all.
LARGEST = 1e6


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A linear classifier of vectors.

    Attributes:
        names: the classes that it tells apart; of another it says nothing.
        weights: float32 (N, D).
        bias: float32 (N,).
    """

    names: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    def looks(self, vectors: np.ndarray) -> np.ndarray:
        """How likely each class is beside the likeliest one, float32 (n, N): 1 for that, above 0 for others.

        Args:
            vectors: (n, D), of any length.
        """
        rows = vectors.astype(np.float32)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        logits = rows @ self.weights.T + self.bias
        each: np.ndarray = np.exp(logits - logits.max(axis=1, keepdims=True))
        return each

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """The softmax of each vector's logits, float32 (n, N).

        Args:
            vectors: (n, D), of any length.
        """
        each = self.looks(vectors)
        found: np.ndarray = each / each.sum(axis=1, keepdims=True)
        return found

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

    @staticmethod
    def read(part: Fields, dimension: int) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """The names, weights and bias of the format above.

        Raises:
            the error of ``part``: it is not the format.
        """
        names = part.texts("names")
        scales, bias = (part.numbers(name, -LARGEST, LARGEST) for name in ("scales", "bias"))
        try:
            rounded = np.frombuffer(base64.b64decode(part.text("weights"), validate=True), np.int8)
        except ValueError:
            raise part.error("weights", "is no base64") from None
        if not names or not len(names) == len(scales) == len(bias) or len(rounded) != len(names) * dimension:
            raise part.error("weights", f"is not {dimension} numbers, a scale and a bias for each name")
        scaled = rounded.reshape(len(names), dimension) * np.array(scales, np.float32)[:, None]
        return tuple(names), scaled.astype(np.float32), np.array(bias, np.float32)
