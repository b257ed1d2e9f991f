"""The faults that a photo may have: stable codes, and what the shopper is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pocketshelf.types import Quality

__all__ = ["ADVICE", "FAULTS", "Fault", "spoken"]

FAULTS = (
    "too_dark",
    "blurred",
    "over_exposed",
    "too_small",
    "cluttered",
    "collage",
    "not_full_body",
    "runway",
)
"""Every code. A code keeps its meaning for ever; new ones may come."""

# In the order in which they are worth mending: nothing else can be told of a dark or blurred photo.
ADVICE: Mapping[str, str] = {
    "too_dark": "too dark: find more light",
    "over_exposed": "too bright: turn away from the light",
    "blurred": "hold still",
    "collage": "take a photo of the thing itself",
    "too_small": "move closer",
    "cluttered": "one item at a time",
    "not_full_body": "step back",
}
"""Code → what the shopper is told; what only a library of looks minds (`runway`) is told nobody."""

# Of interest where a whole outfit is wanted; who looks for one product may stand as close as he likes.
ONLY_LOOKS = frozenset({"not_full_body", "runway"})


@dataclass(frozen=True)
class Fault:
    """What was found of one fault.

    Attributes:
        score: probability in [0, 1].
        likely: rather with the fault than without (best balanced accuracy).
        sure: enough that the shopper is told, and a library leaves the photo out (so of 2 % of the good).
    """

    code: str
    score: float
    likely: bool
    sure: bool


def spoken(found: Iterable[Fault], looks: bool = False) -> Quality:
    """What the shopper is told of a photo; the faults in `ADVICE`'s order.

    Args:
        looks: a whole outfit is wanted.
    """
    said = {fault.code: fault.score for fault in found if fault.sure}
    wanted = [code for code in (*ADVICE, "runway") if code in said and (looks or code not in ONLY_LOOKS)]
    advice = next((ADVICE[code] for code in wanted if code in ADVICE), None)
    return Quality(tuple((code, said[code]) for code in wanted), advice)
