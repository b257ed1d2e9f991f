"""What changes over a training run: learning rate, picture size, strength of augmentation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pocketshelf_training.engine.schedule import cosine

__all__ = ["Schedule", "fitting"]


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
        return cosine((epoch - self.warm_up) / max(self.epochs - self.warm_up, 1e-9), 0.02)

    def input_size(self, epoch: int) -> int:
        return self.small_size if epoch < round(self.epochs * self.small_share) else self.size

    def strength(self, epoch: int) -> float:
        """Of augmentation, see `Mixture.make`."""
        return 1.0 if epoch < round(self.epochs * (1 - self.plain_share)) else 0.0

    def price(self, epoch: int) -> float:
        """How long the epoch takes, as a share of one at ``size``: a picture's price is its area."""
        return (self.input_size(epoch) / self.size) ** 2


def fitting(schedule: Schedule, done: int, budget: float) -> int:
    """How many epochs a run has in all, of which ``done`` are over, when the others may cost ``budget``.

    Args:
        budget: in epochs at full size, see `Schedule.price`.
    """
    epochs = done
    while True:
        longer = replace(schedule, epochs=epochs + 1)
        if sum(map(longer.price, range(done, epochs + 1))) > budget:
            return epochs
        epochs += 1
