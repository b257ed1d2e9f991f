"""A form: the parts, lines and openings that make one kind of garment, as data.

Half outlines ("join") run on the figure's right side from its axis above to its axis below; "pair"
parts are drawn on both sides; "one" as they stand. All in body units (`drawing.outline`): shoulders lie at
y = 0.05, the waist at 1.1, the ankles at 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pocketshelf_training.data.clothing import GROUP_OF
from pocketshelf_training.studio.drawing.outline import Points, Symmetry

__all__ = ["Form", "Line", "Part"]

Place = Literal["worn", "head", "stand"]
Cloth = Literal["main", "second", "lining", "seam", "metal"]


@dataclass(frozen=True)
class Part:
    """One piece of cloth. ``tone`` multiplies its brightness; linings are hidden when worn."""

    points: Points
    symmetry: Symmetry = "join"
    cloth: Cloth = "main"
    tone: float = 1.0


@dataclass(frozen=True)
class Line:
    """A seam, zip, handle or (with one point) a button; ``width`` in body units."""

    points: Points
    width: float = 0.012
    symmetry: Symmetry = "one"
    cloth: Cloth = "seam"


@dataclass(frozen=True)
class Form:
    """One kind of garment.

    Attributes:
        name: what a shop calls it, in singular.
        category: the clothing label, or "Bag".
        body: half outline below the neckline (or the whole one where there is no neckline).
        necklines, sleeves, closures: names of `openings` that it comes with; empty: it has none of that kind.
        patterns: those of its cloth.
        behind, front, lines: what is fixed on it, without its openings.
        hinge: below this y the length varies.
        lengths: name to factor of what lies below the hinge.
    """

    name: str
    category: str
    body: Points = ()
    necklines: tuple[str, ...] = ()
    sleeves: tuple[str, ...] = ()
    closures: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ("solid", "striped", "checkered", "dotted", "floral", "zigzag")
    behind: tuple[Part, ...] = ()
    front: tuple[Part, ...] = ()
    lines: tuple[Line, ...] = ()
    symmetry: Symmetry = "join"
    hinge: float = 10.0
    lengths: tuple[tuple[str, float], ...] = ()

    @property
    def group(self) -> str:
        """The detector's."""
        return GROUP_OF.get(self.category, "bag")

    @property
    def place(self) -> Place:
        """Where it is seen: worn on a figure, on the head, or on a stand."""
        places: dict[str, Place] = {"hat": "head", "footwear": "stand", "bag": "stand"}
        return places.get(self.group, "worn")
