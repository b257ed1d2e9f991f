"""What every sampler is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from pocketshelf_training.engine.compute import ahead

__all__ = ["Sampler"]

Batch = TypeVar("Batch")


class Sampler(Generic[Batch]):
    """Training batches, each a function of its step: a killed run goes on with those it would have had."""

    def batch(self, step: int) -> Batch:
        """The batch of ``step``."""
        raise NotImplementedError

    def batches(self, first: int, last: int, workers: int = 0) -> Iterator[Batch]:
        """Those of steps ``first`` to ``last`` - 1, made while the network computes; see `ahead`."""
        return ahead(self.batch, range(first, last), workers)
