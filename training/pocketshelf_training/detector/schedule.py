"""What changes over a training run: learning rate, picture size, strength of augmentation, time left."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

__all__ = ["Clock", "Schedule"]


@dataclass(frozen=True)
class Schedule:
    """A run in ``epochs``.

    Attributes:
        size: the network's input in pixels, of the last part.
        small_size: of the first part, where most is learned for half the price (Touvron et al., NeurIPS
            2019, and EfficientNetV2's progressive learning).
        small_share: how much of the run that first part is.
        plain_share: how much of the run, at its end, sees nearly plain photos (YOLOX, section 2.2).
        warm_up: epochs in which the learning rate rises.
    """

    epochs: int
    size: int
    small_size: int
    small_share: float = 0.6
    plain_share: float = 0.2
    warm_up: float = 1.0

    def rate(self, epoch: float) -> float:
        """The learning rate's factor at a (fractional) epoch: linear rise, then a cosine to 2 %."""
        if epoch < self.warm_up:
            return 0.02 + 0.98 * epoch / self.warm_up
        done = (epoch - self.warm_up) / max(self.epochs - self.warm_up, 1e-9)
        return 0.02 + 0.98 * (1 + math.cos(math.pi * min(done, 1.0))) / 2

    def input_size(self, epoch: int) -> int:
        return self.small_size if epoch < round(self.epochs * self.small_share) else self.size

    def strength(self, epoch: int) -> float:
        """Of augmentation, see `Mixture.make`."""
        return 1.0 if epoch < round(self.epochs * (1 - self.plain_share)) else 0.0

    def cost(self, start: float = 0.0) -> float:
        """Pictures' areas summed from a (fractional) epoch to the end, in epochs at ``size``."""
        left = (
            (self.input_size(e) / self.size) ** 2 * min(1.0, e + 1 - start)
            for e in range(int(start), self.epochs)
        )
        return sum(left)


@dataclass
class Clock:
    """Estimates the time left: a picture's price is its area."""

    schedule: Schedule
    first: float
    began: float = field(default_factory=time.monotonic)

    def left(self, epoch: float) -> float:
        """Seconds from a fractional epoch to the end, at the pace so far; infinite before there is one."""
        ahead = self.schedule.cost(epoch)
        behind = self.schedule.cost(self.first) - ahead
        return (time.monotonic() - self.began) / behind * ahead if behind > 0 else math.inf
