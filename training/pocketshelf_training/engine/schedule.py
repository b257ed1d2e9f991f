"""Learning rates over a training, and how much of its time is left."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

__all__ = ["Clock", "cosine", "warm_cosine"]


def cosine(done: float, floor: float) -> float:
    """Half a cosine from 1 to ``floor`` as ``done`` goes from 0 to 1 (Loshchilov and Hutter, ICLR 2017)."""
    return floor + (1 - floor) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def warm_cosine(step: int, total: int, warm: int = 100) -> float:
    """The learning rate's factor at ``step`` of ``total``: linear warm-up, then a cosine to a hundredth."""
    if step < warm:
        return (step + 1) / warm
    return cosine((step - warm) / max(1, total - warm), 0.01)


class Clock:
    """Estimates the time left from the pace so far.

    Args:
        prices: how long each epoch takes relative to the others; a picture's price is its area.
        first: epochs that were done before.
    """

    def __init__(self, prices: Sequence[float], first: int = 0) -> None:
        self.prices, self.first, self.began = prices, first, time.monotonic()

    def cost(self, epoch: float) -> float:
        """Prices summed from a (fractional) epoch to the end."""
        return sum(price * min(1.0, max(0.0, e + 1 - epoch)) for e, price in enumerate(self.prices))

    def left(self, epoch: float) -> float:
        """Seconds from a fractional epoch to the end; infinite before there is a pace."""
        behind = self.cost(self.first) - self.cost(epoch)
        return (time.monotonic() - self.began) / behind * self.cost(epoch) if behind > 0 else math.inf
