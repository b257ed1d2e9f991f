"""The embedding space: what vectors mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pocketshelf.errors import SpaceMismatch

if TYPE_CHECKING:
    from pocketshelf.formats.bundle import Bundle

__all__ = ["Space", "comparable", "require_same", "space_of"]


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


def require_same(here: Space, there: Space, us: str, them: str, remedy: str) -> None:
    """Refuse to mix vectors that cannot be compared. Another bundle of the same space is welcome.

    Args:
        us, them: begin what the message says of ``here`` and ``there``, such as "the shelf is".

    Raises:
        SpaceMismatch: another space, dimension or preprocessing.
    """
    if here.name != there.name or _differ(here.dimension, there.dimension):
        raise SpaceMismatch(f"{us} of space {_named(here)}, {them} of space {_named(there)}; {remedy}")
    if here.preprocessing != there.preprocessing:
        raise SpaceMismatch(
            f"{us} of preprocessing {here.preprocessing}, {them} of {there.preprocessing}; {remedy}"
        )


def comparable(here: Space, there: Space) -> bool:
    """Whether vectors of the two can be compared, by what is said of both."""
    same = (here.name, here.preprocessing) == (there.name, there.preprocessing)
    return same and not _differ(here.dimension, there.dimension)


def _differ(here: int, there: int) -> bool:
    return bool(here and there and here != there)


def _named(space: Space) -> str:
    return f"{space.name!r} ({space.dimension}-d)" if space.dimension else repr(space.name)
