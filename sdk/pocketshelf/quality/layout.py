"""What the detector's boxes say of a photo: how large the thing is, how many there are, who is cut off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocketshelf.types import Detection

__all__ = ["LAYOUT_SIGNALS", "layout_signals"]

_TOPS = frozenset({"upper", "outerwear", "dress"})
_LEGS = frozenset({"trousers", "shorts", "skirt", "dress"})
_WORN = _TOPS | _LEGS | {"footwear"}
# Boxes the detector is less sure of do not count.
_SURE = 0.45
# Within so much of the frame's side a box is cut by its edge.
_EDGE = 0.02

LAYOUT_SIGNALS = (
    "things",
    "groups",
    "largest",
    "covered",
    "longest",
    "people",
    "shoes",
    "top",
    "legs",
    "worn",
    "cut_below",
    "cut",
    "lowest",
    "doubt",
)
"""Names of `layout_signals`, in order."""


def layout_signals(found: Sequence[Detection], frame: tuple[int, int]) -> dict[str, float]:
    """The signals of `LAYOUT_SIGNALS`; shares of the frame where they are lengths or areas.

    Args:
        found: the detector's boxes, of any score.
        frame: (width, height) of the photo in the boxes' pixels.
    """
    found = [d for d in found if d.group != "frame"]
    sure = [d for d in found if d.score >= _SURE]
    boxes = np.array([d.box for d in sure], np.float32).reshape(-1, 4) / (*frame, *frame)
    groups = [d.group for d in sure]
    areas = boxes[:, 2] * boxes[:, 3]
    ends = boxes[:, 1] + boxes[:, 3]
    shoes = _of(groups, {"footwear"})
    values = (
        min(len(sure), 12),
        len(set(groups)),
        _most(areas),
        _covered(boxes),
        _most(boxes[:, 2:].max(axis=1, initial=0)),
        _people(groups),
        shoes.any(),
        _of(groups, _TOPS).any(),
        _of(groups, _LEGS).any(),
        _of(groups, _WORN).any(),
        ((ends >= 1 - _EDGE) & ~shoes & _of(groups, _WORN)).any(),
        _cut(boxes).mean() if len(boxes) else 0.0,
        _most(ends[_of(groups, _WORN)]),
        1 - max((d.score for d in found), default=0.0),
    )
    return dict(zip(LAYOUT_SIGNALS, map(float, values), strict=True))


def _most(values: np.ndarray) -> float:
    return float(values.max(initial=0.0))


def _of(groups: Sequence[str], wanted: set[str] | frozenset[str]) -> np.ndarray:
    return np.array([group in wanted for group in groups], dtype=bool)


def _people(groups: Sequence[str]) -> float:
    """The most pieces of a kind that nobody wears two of."""
    return max(
        (groups.count(group) for group in ("upper", "dress", "trousers", "footwear", "hat")), default=0
    )


def _cut(boxes: np.ndarray) -> np.ndarray:
    ends = boxes[:, :2] + boxes[:, 2:]
    return (boxes[:, :2] <= _EDGE).any(axis=1) | (ends >= 1 - _EDGE).any(axis=1)


def _covered(boxes: np.ndarray, cells: int = 24) -> float:
    """Share of the frame that is under any box, on a grid."""
    grid = np.zeros((cells, cells), dtype=bool)
    for x, y, w, h in boxes * cells:
        grid[int(y) : int(np.ceil(y + h)), int(x) : int(np.ceil(x + w))] = True
    return float(grid.mean())
