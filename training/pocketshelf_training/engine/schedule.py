"""Learning rates over a training, and how much of its time is left."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

__all__ = ["Clock", "Span", "cosine", "warm_cosine"]


def cosine(done: float, floor: float) -> float:
    """Half a cosine from 1 to ``floor`` as ``done`` goes from 0 to 1 (Loshchilov and Hutter, ICLR 2017)."""
    return floor + (1 - floor) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def warm_cosine(step: int, total: int, warm: int = 100) -> float:
    """The learning rate's factor at ``step`` of ``total``: linear warm-up, then a cosine to a hundredth."""
    if step < warm:
        return (step + 1) / warm
    return cosine((step - warm) / max(1, total - warm), 0.01)


class Span:
    """How long a training is: so many steps, or so many minutes from its first batch on.

    Args:
        steps: of the whole training.
        minutes: None: the steps count.
    """

    def __init__(self, steps: int, minutes: float | None = None) -> None:
        self.steps, self.minutes = steps, minutes
        self._began: float | None = None

    def begin(self) -> None:
        """The first batch is asked for; those after it change nothing."""
        self._began = time.monotonic() if self._began is None else self._began

    @property
    def gone(self) -> float:
        """Minutes since then."""
        return 0.0 if self._began is None else (time.monotonic() - self._began) / 60

    def done(self, step: int) -> float:
        """The share that is done, at a step counted from 0; more than 1 after the end."""
        return step / self.steps if self.minutes is None else self.gone / self.minutes

    @property
    def is_over(self) -> bool:
        """Whether the minutes are."""
        return self.minutes is not None and self.gone > self.minutes

    @property
    def left(self) -> float | None:
        """Seconds, where minutes count."""
        return None if self.minutes is None else max(0.0, 60 * (self.minutes - self.gone))


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
