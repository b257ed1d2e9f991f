"""What one training is, apart from how every training goes (`pocketshelf_training.engine.trainer`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from pocketshelf_training.engine.schedule import Span

__all__ = ["Task"]

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


class Task(Generic[Network, Batch]):
    """A network, its batches and its losses; a new training is a subclass.

    Everything is a function of the settings and of epoch and step, so that a killed run ends where one that
    was not would have.

    Attributes:
        network: what learns and, averaged, is kept; on its device.
        parts: modules that learn beside it (proxies …) and are needed to go on, by name.
        epochs: after each the state is written.
        clip: largest norm of the network's gradient.
        decay: of the running average, see `WeightAverage`; None: the network itself is kept.
        begun: how many steps the average's start counts for.
        span: its length, where minutes may end it; then ``epochs`` is more than will be.
    """

    network: Network
    parts: dict[str, nn.Module]
    epochs: int
    clip: float = 5.0
    decay: float | None = None
    begun: int = 1
    span: Span | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What a resumed run may not change, by the name of its option."""
        raise NotImplementedError

    @property
    def learnt_from(self) -> dict[str, Any]:
        """What of its data a resumed run may not find changed, by what it is called: products, pictures …

        Every number may fit other data of the same shape: another product would go on as the one before.
        """
        return {}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Of the optimiser, with ``lr`` and ``weight_decay``."""
        raise NotImplementedError

    def rate(self, step: int) -> float:
        """The learning rates' factor at a step, counted over all epochs."""
        raise NotImplementedError

    def steps(self, epoch: int) -> int:
        """How many there are in an epoch."""
        raise NotImplementedError

    def batches(self, epoch: int, kept: Network) -> Iterator[Batch]:
        """Those of an epoch; ``kept`` is the running average as it is before."""
        raise NotImplementedError

    def pictures(self, batch: Batch) -> int:
        """How many pictures the network sees of a batch, for the speed in the log; 0: not counted."""
        return 0

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Weighted terms by name, whose sum is minimised; none: the step teaches nothing.

        Args:
            batch: on the network's device.
            step: counted over all epochs.
        """
        raise NotImplementedError

    def price(self, epoch: int) -> float:
        """How long an epoch takes, relative to the others."""
        return 1.0

    def prepare(self, kept: Network) -> None:
        """Before the first step of a new run; one that goes on has `restore` instead."""

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Network) -> dict[str, Any]:
        """Measure and keep, after ``epoch`` epochs; what is to be read in the log, by name.

        Args:
            losses: each term's mean over the epoch.
        """
        return {}

    def state(self) -> dict[str, Any]:
        """What else it takes to go on."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take `state` of the run that was cut off."""
