"""Batches of pictures and boxes, in the order of an epoch's plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.detector.augment import Picture
from pocketshelf_training.detector.mixture import Mixture, Order
from pocketshelf_training.engine.compute import ahead

__all__ = ["Batch", "batches", "collate"]


class Batch(NamedTuple):
    """uint8 images (n, h, w, 3); corners (n, M, 4) and groups (n, M), padded with group -1."""

    images: Tensor
    boxes: Tensor
    groups: Tensor


def collate(pictures: list[Picture]) -> Batch:
    """Stack pictures of one size."""
    most = max(1, max(len(picture.groups) for picture in pictures))
    boxes = torch.zeros(len(pictures), most, 4)
    groups = torch.full((len(pictures), most), -1, dtype=torch.long)
    for row, picture in enumerate(pictures):
        count = len(picture.groups)
        boxes[row, :count] = torch.from_numpy(picture.boxes)
        groups[row, :count] = torch.from_numpy(picture.groups)
    images = torch.from_numpy(np.stack([np.asarray(picture.image) for picture in pictures]))
    return Batch(images, boxes, groups)


def batches(
    mixture: Mixture,
    plan: list[Order],
    batch: int,
    size: int,
    strength: float,
    seed: tuple[int, int],
    workers: int = 0,
) -> Iterator[Batch]:
    """The plan's whole batches in order; a last partial one is left out.

    Args:
        seed: (seed, epoch); with a picture's place in the plan it decides all chances taken for it.
        workers: see `pocketshelf_training.engine.compute.ahead`.
    """

    def make(start: int) -> Batch:
        return collate(
            [
                mixture.make(plan[place], size, np.random.default_rng([*seed, place + 1]), strength)
                for place in range(start, start + batch)
            ]
        )

    return ahead(make, range(0, len(plan) - batch + 1, batch), workers)
