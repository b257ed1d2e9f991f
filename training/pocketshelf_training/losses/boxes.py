"""Boxes as tensors: corners (left, top, right, bottom) in pixels of the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["corners", "giou", "grid_points", "pairwise_iou"]

TINY = 1e-7


@lru_cache(maxsize=16)
def grid_points(size: int, strides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Where the detector's points are, for a square input of ``size`` pixels.

    Returns:
        (N, 2) x and y in pixels; (N,) the stride of each point's level.
    """
    places, steps = [], []
    for stride in strides:
        axis = (torch.arange(size // stride) + 0.5) * stride
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        places.append(torch.stack([x, y], -1).reshape(-1, 2))
        steps.append(torch.full((len(places[-1]),), float(stride)))
    return torch.cat(places), torch.cat(steps)


def corners(distances: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Distances (…, N, 4) in strides to corners (…, N, 4) in pixels."""
    pixels = distances * strides[:, None]
    return torch.cat([points - pixels[..., :2], points + pixels[..., 2:]], -1)


def area(boxes: Tensor) -> Tensor:
    """(…, 4) to (…,), nothing for a box turned inside out."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """The area (…) that corners (…, 4) have in common; shapes as they broadcast."""
    low = torch.maximum(first[..., :2], second[..., :2])
    return (torch.minimum(first[..., 2:], second[..., 2:]) - low).clamp(min=0).prod(-1)


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """Corners (…, m, 4) and (…, n, 4) to intersection over union (…, m, n)."""
    a, b = first[..., :, None, :], second[..., None, :, :]
    common = overlap(a, b)
    return common / (area(a) + area(b) - common + TINY)


def giou(first: Tensor, second: Tensor) -> Tensor:
    """Generalised IoU of paired corners (n, 4), -1 to 1 (Rezatofighi et al., CVPR 2019)."""
    common = overlap(first, second)
    union = area(first) + area(second) - common
    hull = torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])
    around = hull.clamp(min=0).prod(-1)
    return common / (union + TINY) - (around - union) / (around + TINY)
