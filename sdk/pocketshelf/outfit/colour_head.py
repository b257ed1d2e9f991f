"""How well the colours of two garments go together, from histograms of their palettes, in numpy.

The outfit head's second part, see `pocketshelf.outfit.head`. An embedding that finds a product under any
light has learnt to pass over colour, which decides much of what is worn together: so it is judged beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ColourHead", "evened", "unit"]

# Of a histogram's numbers, which are square roots of shares: a colour that fills little counts, too.
EVENED = 0.6


@dataclass(frozen=True)
class ColourHead:
    """A histogram h is placed at c = (evened(h) · projection + shift), made of length 1.

    Attributes:
        projection: float32 (B, C); shift: float32 (C,). B: bins of `pocketshelf.stages.colours.histograms`.
        level, spread: float32 (R, R): mean and standard deviation of strangers' products, by their roles.
        total: float32 (R, R): standard deviation of strangers' sums of both parts.
        weight: what colours count beside the embedding, both in standard deviations.
        nearness: what their product counts beside the embedding's where garments are compared with looks.
    """

    projection: np.ndarray
    shift: np.ndarray
    level: np.ndarray
    spread: np.ndarray
    total: np.ndarray
    weight: float
    nearness: float

    def project(self, colours: np.ndarray) -> np.ndarray:
        """Histograms (n, B) to float32 (n, C) of length 1; zeros where it is zeros: unknown colours."""
        placed = unit(evened(colours) @ self.projection + self.shift)
        return np.where(colours.any(axis=1, keepdims=True), placed, np.float32(0))


def evened(colours: np.ndarray) -> np.ndarray:
    """Histograms (n, B) as the head takes them, of length 1."""
    return unit(np.asarray(colours, np.float32) ** EVENED)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows (…, d) at length 1."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
