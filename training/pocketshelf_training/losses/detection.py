"""The detector's loss: varifocal scores and GIoU boxes, both weighted by how well a point fits its box."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.losses.assignment import Targets, assign
from pocketshelf_training.losses.boxes import corners, giou

__all__ = ["detection_losses", "varifocal"]

# VarifocalNet, section 3.3: easy negatives count little, positives in full.
NEGATIVE_WEIGHT, FOCUS = 0.75, 2.0
BOX_WEIGHT = 2.0


def varifocal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Summed varifocal loss (Zhang et al., CVPR 2021); ``wanted`` is 0 or the IoU-aware target."""
    off = NEGATIVE_WEIGHT * logits.detach().sigmoid() ** FOCUS
    weight = torch.where(wanted > 0, wanted, off)
    return functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum")


def detection_losses(
    logits: Tensor, distances: Tensor, points: Tensor, strides: Tensor, boxes: Tensor, groups: Tensor
) -> dict[str, Tensor]:
    """Assign the true boxes to points and compare: weighted terms "score" and "box".

    Args:
        logits: (n, N, G). distances: (n, N, 4) in strides.
        points, strides: of the grid, see `grid_points`.
        boxes, groups: (n, M, 4) corners in pixels and (n, M), padded with group -1.
    """
    predicted = corners(distances, points, strides)
    wanted: Targets = assign(logits.detach().sigmoid(), predicted.detach(), points, strides, boxes, groups)
    # At least one, so that a batch without boxes is quiet instead of infinite.
    mass = wanted.scores.sum().clamp(min=1.0)
    weight = wanted.scores.sum(-1)[wanted.positive]
    apart = 1 - giou(predicted[wanted.positive], wanted.boxes[wanted.positive])
    return {
        "score": varifocal(logits, wanted.scores) / mass,
        "box": BOX_WEIGHT * (apart * weight).sum() / mass,
    }
