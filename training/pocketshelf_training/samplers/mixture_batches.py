"""Batches of pictures and boxes, in the order of an epoch's plan."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.samplers.mixture import Mixture, Order
from pocketshelf_training.samplers.pictures import Picture
from pocketshelf_training.samplers.sampler import Sampler

__all__ = ["Batch", "PlanSampler", "collate"]


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


class PlanSampler(Sampler[Batch]):
    """An epoch's plan in whole batches, ``steps`` of them; a last partial one is left out.

    Args:
        size, strength: see `Mixture.make`.
        seed: (seed, epoch); with a picture's place in the plan it decides all chances taken for it.
    """

    def __init__(
        self,
        mixture: Mixture,
        plan: list[Order],
        count: int,
        size: int,
        strength: float,
        seed: tuple[int, int],
    ) -> None:
        self.mixture, self.plan, self.count = mixture, plan, count
        self.size, self.strength, self.seed = size, strength, seed
        self.steps = len(plan) // count

    def batch(self, step: int) -> Batch:
        places = range(step * self.count, (step + 1) * self.count)
        return collate([self._picture(place) for place in places])

    def _picture(self, place: int) -> Picture:
        rng = np.random.default_rng([*self.seed, place + 1])
        return self.mixture.make(self.plan[place], self.size, rng, self.strength)
