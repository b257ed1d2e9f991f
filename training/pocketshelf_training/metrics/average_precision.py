"""Average precision as the COCO benchmark defines it (Lin et al., ECCV 2014; pycocotools' cocoeval).

Detections of one group, over all photos, from the best score down: each takes the true box of its photo
that it overlaps most and that no better detection has taken, if the overlap reaches the threshold.
Precision is made monotonic and averaged over recall 0, 0.01 … 1. All areas count; at most 100 a photo.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pocketshelf.stages.detect import pairwise_iou

__all__ = ["Boxes", "Matches", "Score", "average_precision", "mean_average_precision"]

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
MAX_DETECTIONS = 100
RECALLS = np.linspace(0, 1, 101)

Photo = TypeVar("Photo", bound=Hashable)


@dataclass(frozen=True)
class Boxes:
    """One photo's boxes.

    Attributes:
        boxes: (n, 4) corners in pixels.
        groups: n group names.
        scores: (n,); None for true boxes.
    """

    boxes: np.ndarray
    groups: Sequence[str]
    scores: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.groups)

    def of(self, group: str) -> tuple[np.ndarray, np.ndarray]:
        """The group's boxes (m, 4) and scores (m,)."""
        rows = np.array([name == group for name in self.groups], bool)
        scores = np.zeros(len(rows)) if self.scores is None else np.asarray(self.scores, float)
        return np.asarray(self.boxes, float).reshape(-1, 4)[rows], scores[rows]


@dataclass(frozen=True)
class Score:
    """One group's figures: AP at IoU 0.5, AP averaged over 0.5 to 0.95, best recall at 0.5, true boxes."""

    ap50: float
    ap: float
    recall50: float
    boxes: int


def average_precision(scores: np.ndarray, hits: np.ndarray, truths: int) -> float:
    """101-point interpolated AP of detections (n,) with scores, hit or miss, against ``truths`` boxes.

    Returns:
        0 to 1; not a number when there is nothing to find.
    """
    if not truths:
        return float("nan")
    order = np.argsort(-np.asarray(scores), kind="stable")
    found = np.cumsum(np.asarray(hits, bool)[order])
    precision = found / np.arange(1, len(found) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(found / truths, RECALLS - 1e-12, side="left")
    return float(np.append(precision, 0.0)[np.minimum(places, len(precision))].mean())


def mean_average_precision(
    truth: Mapping[Photo, Boxes], found: Mapping[Photo, Boxes], groups: Sequence[str]
) -> tuple[dict[str, Score], dict[str, float]]:
    """Figures of each group that has true boxes, and their means over those groups.

    Args:
        truth: photo → true boxes.
        found: photo → detections; a photo without an entry has none.
    """
    matches = Matches.of(truth, found, groups)
    every = range(matches.photos)
    return matches.table(every), matches.means(every)


@dataclass(frozen=True)
class Matches:
    """What every photo's detections match, so that any choice of photos can be averaged.

    Attributes:
        photos: how many there are.
        of_group: group → for each photo its detections' scores (n,), hits (thresholds, n), true boxes.
    """

    photos: int
    of_group: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray, int]]]

    @classmethod
    def of(cls, truth: Mapping[Photo, Boxes], found: Mapping[Photo, Boxes], groups: Sequence[str]) -> Matches:
        """Match every photo, see `mean_average_precision`."""
        return cls(
            len(truth), {g: [_photo(true, found.get(p), g) for p, true in truth.items()] for g in groups}
        )

    def table(self, photos: Iterable[int]) -> dict[str, Score]:
        """Figures over ``photos``, which may come more than once, of the groups that have boxes there."""
        chosen = list(photos)
        scores = {name: _score([rows[i] for i in chosen]) for name, rows in self.of_group.items()}
        return {name: score for name, score in scores.items() if score.boxes}

    def means(self, photos: Iterable[int]) -> dict[str, float]:
        """Means over the groups of `table`."""
        table = list(self.table(photos).values())
        names = ("ap50", "ap", "recall50")
        return {name: float(np.mean([getattr(s, name) for s in table] or [np.nan])) for name in names}


def _photo(true: Boxes, found: Boxes | None, group: str) -> tuple[np.ndarray, np.ndarray, int]:
    boxes, _ = true.of(group)
    guesses, confidence = found.of(group) if found is not None else (np.zeros((0, 4)), np.zeros(0))
    order = np.argsort(-confidence, kind="stable")[:MAX_DETECTIONS]
    return confidence[order], _match(guesses[order], boxes), len(boxes)


def _score(rows: Sequence[tuple[np.ndarray, np.ndarray, int]]) -> Score:
    truths = sum(count for _, _, count in rows)
    if not rows or not truths:
        return Score(0.0, 0.0, 0.0, truths)
    every = np.concatenate([scores for scores, _, _ in rows])
    hit = np.concatenate([hits for _, hits, _ in rows], axis=1)
    curve = [average_precision(every, row, truths) for row in hit]
    return Score(curve[0], float(np.mean(curve)), float(hit[0].sum() / truths), truths)


def _match(guesses: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(thresholds, n) bool: which of a photo's guesses, best first, takes a true box."""
    overlap = pairwise_iou(guesses, boxes)
    hits = np.zeros((len(THRESHOLDS), len(guesses)), bool)
    for row, threshold in enumerate(THRESHOLDS):
        free = np.ones(len(boxes), bool)
        for place in range(len(guesses)):
            choice = np.where(free, overlap[place], -1.0)
            if len(boxes) and choice.max() >= threshold:
                free[choice.argmax()] = False
                hits[row, place] = True
    return hits
