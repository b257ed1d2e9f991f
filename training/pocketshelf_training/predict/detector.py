"""A PyTorch detector on whole photos: the same steps as the SDK's, for measuring during training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.detector.boxes import corners, grid_points, suppress
from pocketshelf_training.engine.compute import device_of
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import normalise

__all__ = ["decode", "detect"]

LOWEST_SCORE, MOST, OVERLAP = 0.02, 300, 0.6


@torch.no_grad()
def detect(model: Detector, path: Path, lowest: float = LOWEST_SCORE, overlap: float = OVERLAP) -> Boxes:
    """Boxes in the photo's own upright pixels, best first.

    Args:
        model: in evaluation mode.
        lowest: score from which a box counts; low for average precision, which wants the tail, too.
        overlap: IoU above which two boxes of a group are one.
    """
    photo = decode_photo(path)
    # A copy: Pillow's arrays are read-only, which torch warns about.
    pixels = torch.from_numpy(network_input(photo.pixels, model.preprocessing).copy())[None]
    scores, distances = (each.cpu() for each in model(normalise(pixels).to(device_of(model))))
    boxes, best, groups = decode(scores[0], distances[0], model, lowest, overlap)
    size = model.config["size"]
    scale = np.array([photo.width / size, photo.height / size] * 2)
    frame = np.array([photo.width, photo.height] * 2)
    names = [model.groups[group] for group in groups.tolist()]
    return Boxes((boxes.numpy() * scale).clip(0, frame), names, best.numpy())


def decode(
    scores: Tensor, distances: Tensor, model: Detector, lowest: float, overlap: float
) -> tuple[Tensor, Tensor, Tensor]:
    """One picture's outputs, (N, G) and (N, 4), to corners (k, 4), scores (k,) and groups (k,)."""
    point, group = (scores > lowest).nonzero(as_tuple=True)
    values = scores[point, group]
    top = values.argsort(descending=True)[:MOST]
    point, group, values = point[top], group[top], values[top]
    places, strides = grid_points(model.config["size"], model.strides)
    boxes = corners(distances[point], places[point], strides[point])
    keep = suppress(boxes, values, group, overlap)
    return boxes[keep], values[keep], group[keep]
