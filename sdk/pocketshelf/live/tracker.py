"""Tracking by overlap (Bochinski et al., AVSS 2017): which box of this frame is which thing of the last.

A detector's boxes tremble, vanish for a frame and change their group near a threshold; a person who is to tap
one needs them to stay. So a new thing is shown when it was seen twice, a known one is kept by boxes that are
too weak for a new one, outlives a few frames without any, and moves smoothly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pocketshelf.stages.detect import pairwise_iou
from pocketshelf.types import Box, Detection

__all__ = ["Track", "Tracker", "overlap"]

# A box continues a track from this overlap on, whatever its group.
SAME_IOU = 0.3
# It is shown when it was seen so often, and forgotten when it was missed so often in a row.
SHOWN_AFTER, FORGOTTEN_AFTER = 2, 4
# What the new box counts beside the old; a thing that jumped further than this overlap is not smoothed.
NEW_SHARE, JUMP_IOU = 0.5, 0.6


@dataclass(frozen=True)
class Track:
    """One thing over time.

    Attributes:
        number: from 1, never used again.
        box: smoothed, in pixels of the upright frame.
        newest: the detector's last box.
        seen, missed: how often in all, and how often in a row it was not.
        groups: what the boxes together say it is: group → sum of scores.
    """

    number: int
    box: Box
    newest: Detection
    seen: int = 1
    missed: int = 0
    groups: dict[str, float] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The group that its boxes speak for, all together."""
        return max(self.groups, key=lambda name: (self.groups[name], name))

    @property
    def detection(self) -> Detection:
        """It, as a detector would say it."""
        return Detection(self.box, self.group, self.newest.score)

    def continued(self, found: Detection) -> Track:
        """With the box of a new frame."""
        share = NEW_SHARE if overlap(self.box, found.box) >= JUMP_IOU else 1.0
        x, y, w, h = (share * new + (1 - share) * old for new, old in zip(found.box, self.box, strict=True))
        groups = {**self.groups, found.group: self.groups.get(found.group, 0.0) + found.score}
        return replace(self, box=(x, y, w, h), newest=found, seen=self.seen + 1, missed=0, groups=groups)


class Tracker:
    """The things of a stream of frames; not for several threads."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._last = 0

    def update(self, found: Sequence[Detection], new: Sequence[Detection]) -> list[Track]:
        """The things to show after one more frame, in the order of ``new``, others last.

        Args:
            found: every box of the frame that may continue a thing.
            new: those of them that are good enough to begin one.
        """
        kept = self._continued(found)
        used = {track.newest for track in kept if not track.missed}
        born = [self._begun(box) for box in new if box not in used and not _claimed(box, kept)]
        self._tracks = [*kept, *born]
        order = {box: place for place, box in enumerate(new)}
        shown = [track for track in kept if track.seen >= SHOWN_AFTER]
        return sorted(shown, key=lambda track: order.get(track.newest, len(order)))

    def _continued(self, found: Sequence[Detection]) -> list[Track]:
        """The tracks with their new boxes, each box once, the best overlap first."""
        boxes: dict[int, int] = {}
        for i, j in _pairs([track.box for track in self._tracks], [box.box for box in found]):
            if i not in boxes and j not in boxes.values():
                boxes[i] = j
        kept = [
            track.continued(found[boxes[i]]) if i in boxes else replace(track, missed=track.missed + 1)
            for i, track in enumerate(self._tracks)
        ]
        return [track for track in kept if track.missed < FORGOTTEN_AFTER]

    def _begun(self, box: Detection) -> Track:
        self._last += 1
        return Track(self._last, box.box, box, groups={box.group: box.score})


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    return float(pairwise_iou(_corners([a]), _corners([b]))[0, 0])


def _claimed(box: Detection, tracks: Sequence[Track]) -> bool:
    """Whether a thing that was found in this frame stands there already."""
    return any(track.missed == 0 and overlap(track.box, box.box) >= JUMP_IOU for track in tracks)


def _pairs(old: Sequence[Box], new: Sequence[Box]) -> list[tuple[int, int]]:
    if not old or not new:
        return []
    overlaps = pairwise_iou(_corners(old), _corners(new))
    order = np.argsort(-overlaps, axis=None, kind="stable")
    pairs = [divmod(int(place), len(new)) for place in order]
    return [(i, j) for i, j in pairs if overlaps[i, j] >= SAME_IOU]


def _corners(boxes: Sequence[Box]) -> np.ndarray:
    sides = np.asarray(boxes, dtype=np.float64)
    return np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)
