"""What the detector's boxes say of a photo: how large the thing is, how many there are, who is cut off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pocketshelf.types import Box, Detection

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
    # A photo has a few boxes: numpy takes longer to begin than these take. Boxes are of single precision.
    boxes = [_shares(box, frame) for box in np.array([d.box for d in sure], np.float32).tolist()]
    groups = [d.group for d in sure]
    ends = [y + h for _, y, _, h in boxes]
    low = [end for end, group in zip(ends, groups, strict=True) if group in _WORN and group != "footwear"]
    values = (
        min(len(sure), 12),
        len(set(groups)),
        max((w * h for _, _, w, h in boxes), default=0.0),
        _covered(boxes),
        max((max(w, h) for _, _, w, h in boxes), default=0.0),
        _people(groups),
        "footwear" in groups,
        not _TOPS.isdisjoint(groups),
        not _LEGS.isdisjoint(groups),
        not _WORN.isdisjoint(groups),
        any(end >= 1 - _EDGE for end in low),
        sum(map(_is_cut, boxes)) / max(1, len(boxes)),
        max((end for end, group in zip(ends, groups, strict=True) if group in _WORN), default=0.0),
        1 - max((d.score for d in found), default=0.0),
    )
    return dict(zip(LAYOUT_SIGNALS, map(float, values), strict=True))


def _shares(box: Sequence[float], frame: tuple[int, int]) -> Box:
    (x, y, w, h), (width, height) = box, frame
    return x / width, y / height, w / width, h / height


def _people(groups: Sequence[str]) -> float:
    """The most pieces of a kind that nobody wears two of."""
    return max(groups.count(group) for group in ("upper", "dress", "trousers", "footwear", "hat"))


def _is_cut(box: Box) -> bool:
    x, y, w, h = box
    return min(x, y) <= _EDGE or max(x + w, y + h) >= 1 - _EDGE


def _covered(boxes: Sequence[Box], cells: int = 24) -> float:
    """Share of the frame that is under any box, on a grid."""
    grid = np.zeros((cells, cells), dtype=bool)
    for box in boxes:
        x, y, w, h = (cells * length for length in box)
        grid[int(y) : math.ceil(y + h), int(x) : math.ceil(x + w)] = True
    return np.count_nonzero(grid) / grid.size
