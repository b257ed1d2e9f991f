"""Measure a detector on the street photos: average precision over the ten garment groups.

Either a PyTorch model, as during training, or boxes that a command reported: ``pocketshelf detect`` gives all
from a score of 0.05 on, below any threshold of use, since the tail counts in average precision. Any model
file on any data set: ``pocketshelf-train evaluate --model``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict

import numpy as np
from tqdm import tqdm

from pocketshelf_training.data.street import GARMENT_GROUPS, StreetPhoto
from pocketshelf_training.metrics.average_precision import Boxes, Score, mean_average_precision
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.predict.detector import detect

__all__ = ["evaluate", "measure", "table", "to_boxes", "true_boxes"]


def true_boxes(photos: Iterable[StreetPhoto]) -> dict[str, Boxes]:
    """Photo path → boxes with their groups."""
    return {str(photo.image): Boxes(photo.boxes, photo.groups) for photo in photos}


def evaluate(model: Detector, photos: list[StreetPhoto]) -> dict:
    """Figures of a PyTorch model: ``{"groups": {name: {...}}, "mean": {...}, "photos": n}``."""
    model.eval()
    shown = tqdm(photos, desc="detecting", disable=not sys.stderr.isatty(), leave=False)
    return measure(photos, {str(photo.image): detect(model, photo.image) for photo in shown})


def measure(photos: list[StreetPhoto], found: dict[str, Boxes]) -> dict:
    """Compare detections (photo path → boxes) with the truth."""
    groups, mean = mean_average_precision(true_boxes(photos), found, GARMENT_GROUPS)
    return {
        "groups": {name: asdict(score) for name, score in groups.items()},
        "mean": mean,
        "photos": len(photos),
    }


def to_boxes(regions: list[dict]) -> Boxes:
    """The regions of a line of ``pocketshelf detect --json``."""
    boxes = np.array([region["box"] for region in regions], float).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    scores = np.array([region["score"] for region in regions], float)
    return Boxes(boxes, [region["group"] for region in regions], scores)


def table(result: dict) -> str:
    """The figures as Markdown."""
    lines = ["| group | boxes | AP@0.5 | AP@0.5:0.95 | recall@0.5 |", "|---|---:|---:|---:|---:|"]
    rows = {name: Score(**figures) for name, figures in result["groups"].items()}
    lines += [f"| {n} | {s.boxes} | {s.ap50:.3f} | {s.ap:.3f} | {s.recall50:.3f} |" for n, s in rows.items()]
    mean, count = result["mean"], sum(score.boxes for score in rows.values())
    lines.append(f"| **mean** | {count} | {mean['ap50']:.3f} | {mean['ap']:.3f} | {mean['recall50']:.3f} |")
    return "\n".join(lines)
