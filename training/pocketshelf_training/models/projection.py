"""What every reduction comes down to: subtract a mean, multiply by a matrix, make the length one.

On the phone that is the embedder's last layer, whatever found the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Projection", "unit"]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows (n, d) scaled to length one; rows of zeros stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class Projection:
    """An affine map of unit features to unit vectors.

    Attributes:
        mean: float32 (D,), subtracted first.
        matrix: float32 (D, d).
    """

    mean: np.ndarray
    matrix: np.ndarray

    @property
    def dimension(self) -> int:
        return self.matrix.shape[1]

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Features (n, D) of any length to unit vectors (n, d)."""
        return unit((unit(features) - self.mean) @ self.matrix)
