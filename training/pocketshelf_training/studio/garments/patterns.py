"""Six patterns as functions of body coordinates, so that a pattern has one size on all garments.

Each returns where the second colour is, float32 (h, w) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["PATTERNS"]

Grid = tuple[np.ndarray, np.ndarray]


def _solid(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    return np.zeros_like(grid[0])


def _striped(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    x, y = grid
    along = x if rng.random() < 0.35 else y
    repeat = rng.choice([0.1, 0.16, 0.26])
    return (along / repeat % 1 < rng.choice([0.25, 0.5])).astype(np.float32)


def _checkered(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Gingham: where the bands of both directions cross, the second colour is full."""
    repeat = rng.choice([0.11, 0.18, 0.28])
    bands = [((axis / repeat) % 1 < 0.5).astype(np.float32) for axis in grid]
    return 0.5 * (bands[0] + bands[1])


def _dotted(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    repeat, radius = rng.choice([0.12, 0.19]), rng.choice([0.24, 0.32])
    _, _, across, down = _cells(grid, repeat)
    return (np.hypot(across, down) < radius).astype(np.float32)


def _floral(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Five-petalled flowers, each turned and shifted by its cell, with an eye in the main colour."""
    repeat = rng.choice([0.2, 0.3])
    column, row, across, down = _cells(grid, repeat)
    turn = np.sin(column * 12.9 + row * 78.2) * 3
    across, down = (
        across + 0.1 * np.sin(column * 5.1 + row * 3.7),
        down + 0.1 * np.cos(column * 2.3 + row * 9.1),
    )
    radius, angle = np.hypot(across, down), np.arctan2(down, across) + turn
    petals = radius < 0.2 + 0.13 * np.cos(5 * angle)
    leaf = (np.hypot(across - 0.36, (down - 0.3) * 2.2) < 0.14) * 0.55
    return np.where(petals & (radius > 0.08), 1.0, leaf).astype(np.float32)


def _zigzag(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    x, y = grid
    repeat = rng.choice([0.16, 0.24])
    wave = np.abs((x / repeat) % 1 - 0.5) * repeat
    return ((y + wave) / repeat % 1 < 0.5).astype(np.float32)


def _cells(grid: Grid, repeat: float) -> tuple[np.ndarray, ...]:
    """Column and row of a staggered lattice, and the offset from the cell's middle in [-0.5, 0.5]."""
    x, y = grid[0] / repeat, grid[1] / repeat
    row = np.floor(y)
    x = x + 0.5 * (row % 2)
    column = np.floor(x)
    return column, row, x - column - 0.5, y - row - 0.5


PATTERNS: dict[str, Callable[[Grid, np.random.Generator], np.ndarray]] = {
    "solid": _solid,
    "striped": _striped,
    "checkered": _checkered,
    "dotted": _dotted,
    "floral": _floral,
    "zigzag": _zigzag,
}
