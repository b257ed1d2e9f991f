"""Measure a detector on the street photos during training: average precision over the ten garment groups.

By the SDK's own decoding and suppression, as `pocketshelf-train evaluate --model` measures any model file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict

from tqdm import tqdm

from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data.street import GARMENT_GROUPS, StreetPhoto
from pocketshelf_training.metrics.average_precision import Boxes, Score, mean_average_precision
from pocketshelf_training.metrics.detector_figures import to_boxes
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.pages.page import table as markdown_table
from pocketshelf_training.predict.runner import torch_detector

__all__ = ["evaluate", "table"]


def evaluate(model: Detector, photos: Sequence[StreetPhoto]) -> dict:
    """Figures of a PyTorch model: ``{"groups": {name: {...}}, "mean": {...}, "photos": n}``."""
    stage = torch_detector(model, {})
    shown = tqdm(photos, desc="detecting", disable=not sys.stderr.isatty(), leave=False)
    found = {photo.image: to_boxes(stage.detect(decode_photo(photo.image))) for photo in shown}
    truth = {photo.image: Boxes(photo.boxes, photo.groups) for photo in photos}
    groups, mean = mean_average_precision(truth, found, GARMENT_GROUPS)
    scores = {name: asdict(score) for name, score in groups.items()}
    return {"groups": scores, "mean": mean, "photos": len(photos)}


def table(result: dict) -> str:
    """The figures as Markdown."""
    rows = {name: Score(**figures) for name, figures in result["groups"].items()}
    mean = Score(**result["mean"], boxes=sum(score.boxes for score in rows.values()))
    cells = [
        [name, s.boxes, f"{s.ap50:.3f}", f"{s.ap:.3f}", f"{s.recall50:.3f}"]
        for name, s in [*rows.items(), ("**mean**", mean)]
    ]
    return markdown_table(["group", ">boxes", ">AP@0.5", ">AP@0.5:0.95", ">recall@0.5"], cells)
