"""Every figure of a detector on a data set: average precision a group, with intervals over photos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.types import Box, Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.average_precision import Boxes, Matches
from pocketshelf_training.metrics.intervals import Figure, resampled

__all__ = ["FIGURES", "bootstrap", "by_photo", "measure", "to_boxes", "true_boxes", "with_intervals"]

# Each is a whole average precision; the interval's ends are steady from here on to a few thousandths.
RESAMPLES = 300
FIGURES = {"ap50": "mAP@0.5", "ap": "mAP@0.5:0.95"}


def true_boxes(samples: Iterable[Sample]) -> dict[Path, Boxes]:
    """Photo → its boxes; a photo may come as several samples, a garment each."""
    found: dict[Path, list[tuple[str, Box]]] = {}
    for sample in samples:
        if sample.boxes:
            found.setdefault(sample.image, []).extend(sample.boxes)
    return {
        image: Boxes(_corners([box for _, box in boxes]), [group for group, _ in boxes])
        for image, boxes in found.items()
    }


def to_boxes(detections: Sequence[Detection] | None) -> Boxes:
    """A detector's boxes as corners; a bad photo (None) has none."""
    found = detections or ()
    scores = np.array([each.score for each in found], float)
    return Boxes(_corners([each.box for each in found]), [each.group for each in found], scores)


def by_photo(photos: Iterable[Path], found: Iterable[Sequence[Detection] | None]) -> dict[Path, Boxes]:
    """Photo → what was found on it, as `to_boxes` says it."""
    return dict(zip(photos, map(to_boxes, found), strict=True))


def _corners(boxes: Sequence[Box]) -> np.ndarray:
    corners = np.array(boxes, float).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    return corners


def measure(
    truth: Mapping[Path, Boxes], found: Mapping[Path, Boxes], groups: Sequence[str]
) -> dict[str, Any]:
    """AP of each of ``groups`` that the photos have, and the means with their intervals."""
    matches = Matches.of(truth, found, groups)
    every = range(matches.photos)
    return {
        "photos": len(truth),
        "groups": {name: asdict(score) for name, score in matches.table(every).items()},
        "figures": with_intervals(bootstrap(matches), len(truth)),
        "recall50": matches.means(every)["recall50"],
    }


def bootstrap(matches: Matches, seed: int = 0) -> np.ndarray:
    """The means of `FIGURES` (1 + draws, 2): first over all photos, then over photos drawn with replacement.

    Groups that a draw lacks do not count in its mean. Of one number of photos and one seed the draws are the
    same, so that detectors can be compared draw by draw.
    """

    def means(draws: np.ndarray) -> np.ndarray:
        rows = [matches.means(draw) for draw in draws]
        return np.array([[row[key] for key in FIGURES] for row in rows])

    whole = means(np.arange(matches.photos)[None])
    return np.concatenate([whole, resampled(matches.photos, means, seed, RESAMPLES)])


def with_intervals(means: np.ndarray, photos: int) -> dict[str, Figure]:
    """What `bootstrap` gave, or a difference of two, as figures with 95 % intervals."""
    low, high = np.nanpercentile(means[1:], [2.5, 97.5], axis=0)
    return {
        name: Figure(float(means[0, i]), float(low[i]), float(high[i]), photos)
        for i, name in enumerate(FIGURES.values())
    }
