"""What a loss is to a training: a term by name, from what a step saw to a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from torch import Tensor

__all__ = ["Loss", "weighted"]

Seen = TypeVar("Seen")
S = TypeVar("S", contravariant=True)


class Loss(Protocol[S]):
    """A term of a training's sum."""

    def __call__(self, seen: S, /) -> Tensor:
        """A scalar, 0 (with a slope of 0) where the step has nothing for it."""
        ...


def weighted(losses: Mapping[str, Loss[Seen]], weights: Mapping[str, float], seen: Seen) -> dict[str, Tensor]:
    """The terms that have a weight, by name, in the order of ``losses``."""
    return {name: weights[name] * loss(seen) for name, loss in losses.items() if weights[name]}
