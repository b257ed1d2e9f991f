"""Batches of pictures with everything that is known of them, and the names behind their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from pocketshelf_training.data.protocol import Sample

__all__ = ["Batch", "Vocabulary", "numbers"]


def numbers(names: Sequence[str], values: Iterable[str | None]) -> np.ndarray:
    """int64 (n,): the place of each value in ``names``, -1 where it has none."""
    index = {name: number for number, name in enumerate(names)}
    return np.array([index.get(value or "", -1) for value in values], np.int64)


@dataclass(frozen=True)
class Vocabulary:
    """The names behind a batch's numbers, in their order.

    Attributes:
        identities, categories: names.
        attributes: attribute to its values.
        landmarks: names.
    """

    identities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    landmarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, samples: list[Sample], attributes: tuple[str, ...] = ()) -> Vocabulary:
        """All that occurs in ``samples``, sorted; of the attributes only those named."""
        values = {
            name: tuple(sorted({s.attributes[name] for s in samples if name in s.attributes}))
            for name in attributes
        }
        return cls(
            tuple(sorted({s.identity for s in samples if s.identity})),
            tuple(sorted({s.category for s in samples if s.category})),
            {name: known for name, known in values.items() if known},
            tuple(sorted({name for s in samples for name in s.landmarks})),
        )


@dataclass(frozen=True)
class Batch:
    """One step's pictures and all that is known of them; -1 is unknown.

    Attributes:
        images: normalised float (n, 3, s, s).
        shop: bool (n,), the shop's own pictures.
        identities, categories: int64 (n,).
        attributes: name to int64 (n,).
        landmarks: float (n, l, 2), x and y as shares of the frame.
        visibility: int64 (n, l), 1 visible, 0 occluded.
    """

    images: Tensor
    shop: Tensor
    identities: Tensor
    categories: Tensor
    attributes: dict[str, Tensor]
    landmarks: Tensor
    visibility: Tensor
