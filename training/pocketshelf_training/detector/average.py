"""The running average of a model's weights, which is the model that gets kept.

Averaging over the last few hundred steps stands in for a much longer schedule (Tarvainen and Valpola,
NeurIPS 2017; used by every modern one-stage detector).
"""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

__all__ = ["WeightAverage"]

Model = TypeVar("Model", bound=nn.Module)


class WeightAverage(Generic[Model]):
    """Exponential average of parameters and batch statistics.

    Args:
        model: what is trained; the average starts as a copy of it.
        decay: per step, once warm; early on the average follows faster.
    """

    def __init__(self, model: Model, decay: float = 0.998) -> None:
        self.model: Model = copy.deepcopy(model)
        self.model.eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step towards ``model``."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        pairs = [
            *zip(self.model.parameters(), model.parameters(), strict=True),
            *zip(self.model.buffers(), model.buffers(), strict=True),
        ]
        for mine, new in pairs:
            if mine.is_floating_point():
                mine.lerp_(new, 1 - decay)
            else:
                mine.copy_(new)
