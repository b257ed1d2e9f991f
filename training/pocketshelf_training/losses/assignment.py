"""Which points answer for which box: task-aligned assignment (TOOD, Feng et al., ICCV 2021, section 3.2).

A point is rated for a box by score^alpha · IoU^beta of what it predicts now; the best few points of every box
become its positives. Their target score is the rating, scaled so that a box's best point is asked for its own
IoU: the score learns to say how well the box fits, which is what suppression and average precision rank by.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pocketshelf_training.losses.boxes import TINY, pairwise_iou

__all__ = ["Targets", "assign"]

ALPHA, BETA, POSITIVES = 1.0, 6.0, 10
# A box side farther away than this many strides belongs to a coarser level; it keeps the range of the
# distances, and so their int8 steps, small. The coarsest level takes everything.
REACH = 12.0


class Targets(NamedTuple):
    """What every point of a batch should say.

    Attributes:
        scores: (n, N, G), 0 but for the box's group of the positives.
        boxes: (n, N, 4) corners in pixels; meaningful for the positives.
        positive: (n, N) bool.
    """

    scores: Tensor
    boxes: Tensor
    positive: Tensor


@torch.no_grad()
def assign(
    scores: Tensor, predicted: Tensor, points: Tensor, strides: Tensor, boxes: Tensor, groups: Tensor
) -> Targets:
    """Assign boxes to points.

    Args:
        scores: (n, N, G) after the sigmoid.
        predicted: (n, N, 4) corners in pixels.
        points, strides: of the grid, see `grid_points`.
        boxes: (n, M, 4) true corners in pixels, padded.
        groups: (n, M) their groups, -1 where padded.
    """
    real = groups >= 0
    near = candidates(points, strides, boxes) & real[..., None]
    fit = pairwise_iou(boxes, predicted)
    index = groups.clamp(min=0)[..., None].expand(-1, -1, scores.shape[1])
    rating = scores.transpose(1, 2).gather(1, index) ** ALPHA * fit**BETA * near
    chosen = best(rating, near)
    chosen &= contest(chosen, fit)
    return targets(chosen, rating, fit, boxes, groups, scores.shape[2])


def candidates(points: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
    """(n, M, N): points inside the box and within reach of its sides; if there are none, the nearest."""
    low = points - boxes[..., None, :2]
    high = boxes[..., None, 2:] - points
    sides = torch.cat([low, high], -1)
    reach = torch.where(strides == strides.max(), torch.inf, REACH * strides)
    inside = (sides.amin(-1) > 0) & (sides.amax(-1) <= reach)
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    away = (points - centre[..., None, :]).square().sum(-1)
    nearest = away == away.amin(-1, keepdim=True)
    return torch.where(inside.any(-1, keepdim=True), inside, nearest)


def best(rating: Tensor, near: Tensor) -> Tensor:
    """(n, M, N) bool: the `POSITIVES` best rated candidates of every box."""
    # Ratings may underflow to 0 early on; a candidate must still win over a point outside.
    ranked = torch.where(near, rating + TINY, rating.new_zeros(()))
    top = ranked.topk(min(POSITIVES, ranked.shape[-1]), -1).indices
    return torch.zeros_like(near).scatter_(-1, top, True) & near


def contest(chosen: Tensor, fit: Tensor) -> Tensor:
    """(n, M, N) bool: a point wanted by several boxes goes to the one that it fits best."""
    winner = torch.where(chosen, fit, fit.new_full((), -1.0)).argmax(1, keepdim=True)
    return torch.zeros_like(chosen).scatter_(1, winner, True)


def targets(
    chosen: Tensor, rating: Tensor, fit: Tensor, boxes: Tensor, groups: Tensor, count: int
) -> Targets:
    rating, fit = rating * chosen, fit * chosen
    scaled = rating / (rating.amax(-1, keepdim=True) + TINY**2) * fit.amax(-1, keepdim=True)
    positive = chosen.any(1)
    owner = chosen.to(torch.uint8).argmax(1)
    value = scaled.amax(1)
    group = groups.clamp(min=0).gather(1, owner)
    scores = value.new_zeros(*positive.shape, count).scatter_(-1, group[..., None], value[..., None])
    return Targets(scores, boxes.gather(1, owner[..., None].expand(-1, -1, 4)), positive)
