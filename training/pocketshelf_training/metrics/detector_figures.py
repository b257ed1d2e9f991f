"""Every figure of a detector on a data set: average precision a group, with intervals over photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf.formats.answer import Answer, Detected
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.average_precision import Boxes, Matches, mean_average_precision
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.predict.subject import Subject

__all__ = ["FIGURES", "bootstrap", "measure", "to_boxes", "true_boxes", "with_intervals"]

# Each is a whole average precision; the interval's ends are steady from here on to a few thousandths.
RESAMPLES = 300
FIGURES = {"ap50": "mAP@0.5", "ap": "mAP@0.5:0.95"}


def true_boxes(samples: Sequence[Sample]) -> dict[Path, Boxes]:
    """Photo → its boxes; a photo may come as several samples, a garment each."""
    found: dict[Path, list[tuple[str, tuple[float, float, float, float]]]] = {}
    for sample in samples:
        if sample.boxes:
            found.setdefault(sample.image, []).extend(sample.boxes)
    return {
        image: Boxes(_corners(np.array([box for _, box in boxes])), [group for group, _ in boxes])
        for image, boxes in found.items()
    }


def to_boxes(answer: Answer) -> Boxes:
    """A detector's answer as corners; a bad photo has none."""
    if not isinstance(answer, Detected):
        return Boxes(np.zeros((0, 4)), [], np.zeros(0))
    return Boxes(_corners(answer.boxes), answer.groups, answer.scores)


def _corners(boxes: np.ndarray) -> np.ndarray:
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)


def measure(subject: Subject, truth: Mapping[Path, Boxes], answers: Sequence[Answer]) -> dict[str, Any]:
    """AP of each group that the photos have and the model knows, and the means with their intervals.

    Raises:
        UsageError: the model knows none of the photos' groups.
    """
    there = sorted({group for boxes in truth.values() for group in boxes.groups})
    groups = [group for group in subject.groups or there if group in there]
    if not groups:
        raise UsageError(
            f"{subject.path}: knows none of this data set's groups ({', '.join(there)}); "
            f"it has {', '.join(subject.groups)}"
        )
    wanted = {str(path): boxes for path, boxes in truth.items()}
    found = {str(path): to_boxes(answer) for path, answer in zip(truth, answers, strict=True)}
    table, means = mean_average_precision(wanted, found, groups)
    return {
        "photos": len(truth),
        "unreadable": sum(not isinstance(answer, Detected) for answer in answers),
        "without": sorted(set(there) - set(groups)),
        "groups": {name: asdict(score) for name, score in table.items()},
        "figures": with_intervals(bootstrap(Matches.of(wanted, found, groups)), len(truth)),
        "recall50": means["recall50"],
    }


def bootstrap(matches: Matches, seed: int = 0) -> np.ndarray:
    """The means of `FIGURES` (1 + draws, 2): first over all photos, then over photos drawn with replacement.

    Groups that a draw lacks do not count in its mean. Of one number of photos and one seed the draws are the
    same, so that detectors can be compared draw by draw.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, matches.photos, (RESAMPLES, matches.photos))
    means = [matches.means(draw) for draw in [np.arange(matches.photos), *drawn]]
    return np.array([[mean[key] for key in FIGURES] for mean in means])


def with_intervals(means: np.ndarray, photos: int) -> dict[str, Figure]:
    """What `bootstrap` gave, or a difference of two, as figures with 95 % intervals."""
    low, high = np.nanpercentile(means[1:], [2.5, 97.5], axis=0)
    return {
        name: Figure(float(means[0, i]), float(low[i]), float(high[i]), photos)
        for i, name in enumerate(FIGURES.values())
    }
