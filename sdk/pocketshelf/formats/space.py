"""The embedding space: what vectors mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pocketshelf.formats.bundle import Bundle

__all__ = ["Space", "space_of"]


@dataclass(frozen=True)
class Space:
    """What vectors must share to be compared; equal spaces can be, whichever bundle made the vectors.

    Attributes:
        name: the space's id.
        preprocessing: hash of the embedder's preprocessing.
        bundle: name of the bundle that embedded them; not compared.
        dimension: numbers a vector; 0 where that is not said, as in a manifest.
    """

    name: str
    preprocessing: str
    bundle: str = field(default="", compare=False)
    dimension: int = 0


def space_of(bundle: Bundle) -> Space:
    """What the vectors of ``bundle``'s embedder mean."""
    return Space(bundle.space, bundle.preprocessing_hash, bundle.name, bundle.embedder.dimension)
