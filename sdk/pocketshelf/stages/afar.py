"""A second look at somebody far away.

A detector sees a photo at a few hundred pixels a side, and was taught on people who fill theirs. Somebody
across the street is a third of that, and shoes and bag are a few pixels. So where all that is worn lies in
a small part of the photo, the detector looks at that part again, in the photo's own pixels ("Slicing aided
hyper inference", Akyon, Altinuc and Temizel, ICIP 2022, of one slice, and only where it is worth it).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pocketshelf.stages.detect import MOST_BOXES, Detector, around, pairwise_iou
from pocketshelf.stages.preprocess import Photo, crop_box
from pocketshelf.types import Box, Detection

__all__ = ["far_part", "look_again", "put_together"]

# Boxes from this score on say where somebody is. All that follows was chosen on split val of the street
# photos and of what `pocketshelf-train prepare hard-cases` makes of them (docs/detection.md).
SURE = 0.3
# What is worn covers no more of the photo's width and height than this.
FAR = 0.6
# Somebody wears two of these, in two places. A belt or a shoe that lies on a table is small as well, and
# known by its being small.
WORN = ("upper", "outerwear", "dress", "trousers", "shorts", "skirt", "footwear")
APART_IOU = 0.3
# Room around what is worn, of its sides, and how narrow the part may be: as the photos of the training are.
ROOM, MAX_ASPECT = 0.1, 4 / 3


def look_again(detector: Detector, photo: Photo, found: list[Detection]) -> list[Detection]:
    """``found`` in the photo, with what the detector sees of somebody far away at a second look, best first.

    Raises:
        BundleError: as the detector does.
    """
    part = far_part(found, (photo.width, photo.height))
    if part is None:
        return found
    (across, down), (x, y, w, h) = photo.scale, photo.to_decoded(part)
    left, top = math.floor(x), math.floor(y)
    # A part at the frame's edge ends there, whatever its sides are rounded to.
    right = min(math.ceil(x + w), round(across * photo.width))
    bottom = min(math.ceil(y + h), round(down * photo.height))
    seen = detector.detect(photo.cut((left, top, right, bottom)))
    boxes = [each.box for each in seen]
    mapped = [((left + x) / across, (top + y) / down, w / across, h / down) for x, y, w, h in boxes]
    second = [replace(each, box=box) for each, box in zip(seen, mapped, strict=True)]
    return put_together(found, second, part)


def far_part(found: Sequence[Detection], frame: tuple[int, int]) -> Box | None:
    """The part of a photo that deserves a second look; None where nobody is in it, or is near.

    Args:
        frame: (width, height) of the photo.
    """
    sure = [each for each in found if each.score >= SURE]
    if not _somebody(sure):
        return None
    box = around([each.box for each in sure])
    if box[2] > FAR * frame[0] or box[3] > FAR * frame[1]:
        return None
    return crop_box(box, frame, ROOM, MAX_ASPECT)


def put_together(first: list[Detection], second: list[Detection], part: Box) -> list[Detection]:
    """What a first look found outside ``part``, and a second in it; the first's alone if that saw nobody."""
    if not any(each.score >= SURE for each in second):
        return first
    outside = [each for each in first if not _middle_in(each.box, part)]
    return sorted([*second, *outside], key=lambda each: -each.score)[:MOST_BOXES]


def _somebody(sure: Sequence[Detection]) -> bool:
    worn = [each for each in sure if each.group in WORN]
    overlaps = pairwise_iou(_corners(worn), _corners(worn)) if worn else np.zeros((0, 0))
    pairs = itertools.combinations(range(len(worn)), 2)
    return any(worn[a].group != worn[b].group and overlaps[a, b] < APART_IOU for a, b in pairs)


def _corners(found: Sequence[Detection]) -> np.ndarray:
    boxes = np.array([each.box for each in found])
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _middle_in(box: Box, part: Box) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return part[0] <= x <= part[0] + part[2] and part[1] <= y <= part[1] + part[3]
