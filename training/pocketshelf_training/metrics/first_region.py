"""What a detector takes a shop's picture to be about: the most prominent region, which a search begins with.

Most of the shop's pictures show a garment worn, of which the category alone is known: the region's group is
right, or it is not. Single things on white are known better: what is not white is the thing's box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.stages.detect import pairwise_iou, select_regions
from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf.types import Box, Detection
from pocketshelf_training.data.goods import not_ground
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.data.shop import ALONE, GROUPS_OF_CATEGORY

__all__ = ["first_regions"]

FITS = 0.7


def first_regions(
    samples: Sequence[Sample], found: Mapping[Path, Sequence[Detection] | None], threshold: float
) -> dict[str, dict[str, Any]]:
    """By category: pictures, share whose first region is of a right group, and, of single things, fits too.

    Args:
        samples: the shop's; those of other categories do not count.
        threshold: of a region's score.
    """
    rows: dict[str, list[tuple[bool, bool]]] = {}
    for sample in samples:
        if sample.category in GROUPS_OF_CATEGORY:
            rows.setdefault(sample.category, []).append(_judged(sample, found[sample.image] or (), threshold))
    return {
        category: {"pictures": len(judged), "right": float(np.mean([right for right, _ in judged]))}
        | ({"fits": float(np.mean([fits for _, fits in judged]))} if category in ALONE else {})
        for category, judged in sorted(rows.items())
    }


def _judged(sample: Sample, found: Sequence[Detection], threshold: float) -> tuple[bool, bool]:
    """Whether the first region's group is right, and whether its box fits what is not white, too."""
    pixels = decode_photo(sample.image, WHOLE).pixels
    regions = select_regions(found, (pixels.shape[1], pixels.shape[0]), threshold)
    if not regions or regions[0].group not in GROUPS_OF_CATEGORY[sample.category or ""]:
        return False, False
    box = not_ground(pixels)
    return True, box is not None and _iou(regions[0].box, box) >= FITS


def _iou(first: Box, second: Box) -> float:
    corners = [np.array([[x, y, x + w, y + h]]) for x, y, w, h in (first, second)]
    return float(pairwise_iou(*corners)[0, 0])
