"""The running average of a network's weights, which is what gets kept.

Averaging over the last few hundred steps stands in for a much longer schedule (Tarvainen and Valpola,
NeurIPS 2017; used by every modern one-stage detector).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

__all__ = ["WeightAverage"]


class WeightAverage(AveragedModel):
    """Exponential average of parameters and batch statistics, as ``module``; it follows faster early on.

    Args:
        network: what is trained; the average starts as a copy of it.
        decay: per step, once warm; after n steps at most n / (n + 9) is kept.
        begun: how many steps the start counts for, at least 1.
    """

    def __init__(self, network: nn.Module, decay: float, begun: int = 1) -> None:
        super().__init__(network, multi_avg_fn=self._follow, use_buffers=True)
        self.decay = decay
        self.n_averaged.fill_(begun)
        self.eval().requires_grad_(False)

    def _follow(self, averaged: Any, current: Any, _: Tensor | int) -> None:
        """One step of tensors of one kind; whole numbers (how many batches were seen) are copied."""
        if averaged[0].is_floating_point():
            # The buffer itself is on the CPU: asking it does not wait for a GPU.
            count = int(self.n_averaged)
            torch._foreach_lerp_(averaged, current, 1 - min(self.decay, count / (count + 9)))
        else:
            torch._foreach_copy_(averaged, current)
