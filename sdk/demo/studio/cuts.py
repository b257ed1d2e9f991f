"""How garments are cut: outlines, seams and openings as data, one `Cut` a kind.

Half outlines ("join") run on the figure's right side from its axis above to its axis below; "pair"
parts are drawn on both sides; "one" as they stand. All in body units (`outline`): shoulders lie at
y = 0.05, the waist at 1.1, the ankles at 3. A wider studio adds cuts, necklines, sleeves and patterns here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sdk.demo.studio.outline import SMOOTH as S
from sdk.demo.studio.outline import Points

__all__ = ["CUTS", "NECKLINES", "SLEEVES", "Cut", "Line", "Part", "cut_named"]

Symmetry = Literal["join", "pair", "one"]
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
class Cut:
    """One kind of garment.

    Attributes:
        name: what a shop calls it, in singular.
        category, group: the clothing label and the detector's group.
        body: half outline below the neckline (or the whole one where there is no neckline).
        necklines, sleeves: keys of `NECKLINES` and `SLEEVES`; the first fits best. Empty: has none.
        patterns: those it comes in.
        place: "worn" on a figure, on the "head", or on a "stand".
        stretch: below this y an identity's length varies.
    """

    name: str
    category: str
    group: str
    body: Points = ()
    necklines: tuple[str, ...] = ()
    sleeves: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ("solid", "striped", "checkered", "dotted", "floral", "zigzag")
    behind: tuple[Part, ...] = ()
    front: tuple[Part, ...] = ()
    lines: tuple[Line, ...] = ()
    place: Literal["worn", "head", "stand"] = "worn"
    stretch: float = 10.0
    symmetry: Symmetry = "join"


NECKLINES: dict[str, Points] = {
    "crew": ((0, 0.14, S), (0.12, 0.1, S), (0.19, 0)),
    "v-neck": ((0, 0.38), (0.19, 0)),
    "boat": ((0, 0.08, S), (0.2, 0.05, S), (0.31, 0.02)),
    "scoop": ((0, 0.3, S), (0.16, 0.24, S), (0.23, 0.0)),
    "turtle": ((0, -0.1), (0.15, -0.1), (0.17, 0)),
    "collar": ((0, 0.2), (0.18, 0)),
    "straight": ((0, 0.24), (0.3, 0.2)),
    "open": ((0, 0.62), (0.2, 0)),
}

SLEEVES: dict[str, tuple[Part, ...]] = {
    "none": (),
    "cap": (Part(((0.3, 0.02), (0.5, 0.06, S), (0.62, 0.27), (0.42, 0.36)), "pair", tone=0.97),),
    "short": (
        Part(
            ((0.3, 0.02), (0.5, 0.06, S), (0.62, 0.22, S), (0.73, 0.55), (0.49, 0.6), (0.4, 0.4)),
            "pair",
            tone=0.97,
        ),
    ),
    "long": (
        Part(
            (
                (0.3, 0.02),
                (0.5, 0.06, S),
                (0.63, 0.24, S),
                (0.74, 0.7, S),
                (0.83, 1.3),
                (0.66, 1.33),
                (0.55, 0.8, S),
                (0.4, 0.4),
            ),
            "pair",
            tone=0.97,
        ),
    ),
}

_TORSO: Points = (
    (0.36, 0.02, S),
    (0.49, 0.07),
    (0.43, 0.3, S),
    (0.44, 0.5),
    (0.41, 0.85, S),
    (0.45, 1.28),
    (0.2, 1.31, S),
    (0, 1.32, S),
)
_COLLAR = (Part(((0, 0.21), (0.185, -0.02), (0.2, 0.02, S), (0.23, 0.1), (0.115, 0.26)), "pair", tone=1.05),)
_PLACKET = (
    Line(((0.025, 0.22), (0.025, 1.3)), 0.01),
    *(Line(((0, y),), 0.034, cloth="metal") for y in (0.33, 0.53, 0.73, 0.93, 1.13)),
)
_HEM = (Line(((-0.44, 1.25), (-0.2, 1.28, S), (0.2, 1.28, S), (0.44, 1.25)), 0.008),)
_LEG_LINES = (
    Line(((0, 1.16), (0, 1.6)), 0.012),
    Line(((0.2, 1.18), (0.27, 1.3, S), (0.41, 1.34)), 0.01, "pair"),
    Line(((-0.36, 1.17), (0.36, 1.17)), 0.01),
    Line(((0, 1.125),), 0.04, cloth="metal"),
)

CUTS: tuple[Cut, ...] = (
    Cut(
        "T-shirt",
        "T-Shirt",
        "upper",
        _TORSO,
        ("crew", "v-neck", "scoop"),
        ("short", "cap"),
        lines=_HEM,
        stretch=0.9,
    ),
    Cut(
        "top",
        "Longsleeve",
        "upper",
        _TORSO,
        ("crew", "boat", "v-neck", "turtle"),
        ("long",),
        lines=_HEM,
        stretch=0.9,
    ),
    Cut(
        "shirt",
        "Shirt",
        "upper",
        (
            (0.36, 0.02, S),
            (0.49, 0.07),
            (0.43, 0.3, S),
            (0.45, 0.5),
            (0.43, 0.9, S),
            (0.46, 1.26),
            (0.3, 1.4, S),
            (0, 1.42, S),
        ),
        ("collar",),
        ("long", "short"),
        ("solid", "striped", "checkered", "dotted", "floral"),
        front=(
            *_COLLAR,
            Part(((0.13, 0.42), (0.34, 0.42), (0.34, 0.6), (0.235, 0.65), (0.13, 0.6)), "one", tone=1.03),
        ),
        lines=_PLACKET,
    ),
    Cut(
        "jacket",
        "Outwear",
        "outerwear",
        ((0.38, 0.0, S), (0.53, 0.07), (0.48, 0.3, S), (0.5, 0.5), (0.48, 0.95, S), (0.52, 1.46), (0, 1.48)),
        ("open",),
        ("long",),
        ("solid", "checkered", "zigzag"),
        behind=(Part(((0, 0.0), (0.19, 0.0), (0.1, 0.5), (0, 0.75)), cloth="lining"),),
        front=(
            Part(
                (
                    (0.2, -0.02),
                    (0.27, 0.05),
                    (0.3, 0.26),
                    (0.21, 0.3),
                    (0.25, 0.38),
                    (0.012, 0.82),
                    (0.012, 0.7),
                ),
                "pair",
                tone=1.1,
            ),
            Part(((0.18, 1.05), (0.42, 1.02), (0.43, 1.1), (0.19, 1.13)), "pair", tone=0.9),
        ),
        lines=(
            Line(((0, 0.72), (0, 1.47)), 0.014),
            *(Line(((0.05, y),), 0.05, cloth="metal") for y in (0.86, 1.06, 1.26)),
        ),
        stretch=0.95,
    ),
    Cut(
        "parka",
        "Outwear",
        "outerwear",
        ((0.38, 0.0, S), (0.54, 0.07), (0.5, 0.3, S), (0.53, 0.5), (0.54, 1.0, S), (0.58, 1.75), (0, 1.78)),
        ("turtle",),
        ("long",),
        ("solid", "striped", "checkered"),
        front=(
            Part(
                ((0, -0.16), (0.2, -0.14, S), (0.27, 0.02, S), (0.16, 0.14, S), (0, 0.2)),
                cloth="second",
                tone=0.92,
            ),
            Part(((0.16, 1.12), (0.43, 1.12), (0.43, 1.42), (0.16, 1.42)), "pair", tone=0.93),
        ),
        lines=(Line(((0, 0.18), (0, 1.77)), 0.03, cloth="metal"), Line(((-0.53, 1.02), (0.53, 1.02)), 0.014)),
        stretch=1.05,
    ),
    Cut(
        "dress",
        "Dress",
        "dress",
        (
            (0.36, 0.02, S),
            (0.45, 0.07),
            (0.4, 0.3, S),
            (0.4, 0.48),
            (0.31, 0.92, S),
            (0.42, 1.3, S),
            (0.68, 2.3),
            (0.3, 2.36, S),
            (0, 2.37, S),
        ),
        ("scoop", "v-neck", "crew", "boat"),
        ("none", "cap", "short", "long"),
        lines=(Line(((-0.31, 0.96), (0, 0.98, S), (0.31, 0.96)), 0.016),),
        stretch=1.4,
    ),
    Cut(
        "shift dress",
        "Dress",
        "dress",
        (
            (0.36, 0.02, S),
            (0.46, 0.07),
            (0.41, 0.3, S),
            (0.42, 0.5),
            (0.42, 1.0, S),
            (0.47, 1.5, S),
            (0.46, 2.05),
            (0, 2.07),
        ),
        ("boat", "crew", "v-neck"),
        ("none", "short", "long"),
        stretch=1.4,
    ),
    Cut(
        "trousers",
        "Pants",
        "trousers",
        (
            (0, 1.08),
            (0.36, 1.08),
            (0.46, 1.42, S),
            (0.44, 2.2, S),
            (0.38, 3.0),
            (0.15, 3.0),
            (0.1, 2.2, S),
            (0, 1.66),
        ),
        patterns=("solid", "striped", "checkered"),
        lines=(*_LEG_LINES, Line(((0.28, 1.5), (0.27, 2.95)), 0.008, "pair")),
        stretch=2.3,
    ),
    Cut(
        "wide trousers",
        "Pants",
        "trousers",
        (
            (0, 1.02),
            (0.34, 1.02),
            (0.45, 1.4, S),
            (0.54, 2.2, S),
            (0.64, 3.0),
            (0.12, 3.02),
            (0.07, 2.2, S),
            (0, 1.64),
        ),
        patterns=("solid", "striped", "floral", "checkered"),
        lines=(Line(((0, 1.1), (0, 1.6)), 0.012), Line(((-0.34, 1.1), (0.34, 1.1)), 0.01)),
        stretch=2.3,
    ),
    Cut(
        "shorts",
        "Shorts",
        "shorts",
        ((0, 1.08), (0.36, 1.08), (0.46, 1.42, S), (0.54, 2.0), (0.08, 2.04), (0, 1.66)),
        lines=(*_LEG_LINES, Line(((0.1, 1.98), (0.53, 1.94)), 0.008, "pair")),
        stretch=1.75,
    ),
    Cut(
        "skirt",
        "Skirt",
        "skirt",
        ((0, 1.06), (0.33, 1.06), (0.48, 1.45, S), (0.72, 2.15), (0.36, 2.21, S), (0, 2.22, S)),
        lines=(Line(((-0.34, 1.14), (0.34, 1.14)), 0.012),),
        stretch=1.6,
    ),
    Cut(
        "pencil skirt",
        "Skirt",
        "skirt",
        ((0, 1.06), (0.33, 1.06), (0.47, 1.45, S), (0.42, 2.2), (0, 2.22)),
        patterns=("solid", "striped", "checkered", "zigzag", "dotted"),
        lines=(Line(((-0.34, 1.14), (0.34, 1.14)), 0.012), Line(((0.2, 2.2), (0.2, 1.9)), 0.012)),
        stretch=1.7,
    ),
    Cut(
        "beanie",
        "Hat",
        "hat",
        ((0, -0.98, S), (0.2, -0.9, S), (0.3, -0.64, S), (0.3, -0.42), (0, -0.4)),
        patterns=("solid", "striped", "zigzag", "checkered"),
        front=(
            Part(((0, -0.56), (0.315, -0.58), (0.315, -0.4, S), (0, -0.37, S)), cloth="second", tone=1.03),
            Part(((0, -1.12, S), (0.08, -1.05, S), (0, -0.96, S)), cloth="second"),
        ),
        place="head",
    ),
    Cut(
        "sun hat",
        "Hat",
        "hat",
        ((0, -0.5, S), (0.5, -0.56, S), (0.62, -0.48, S), (0.4, -0.38, S), (0, -0.34, S)),
        patterns=("solid", "striped", "dotted", "floral"),
        front=(
            Part(((0, -0.88, S), (0.2, -0.86, S), (0.27, -0.52), (0, -0.46, S)), tone=1.04),
            Part(((0, -0.55, S), (0.265, -0.61), (0.275, -0.5), (0, -0.44, S)), cloth="second"),
        ),
        place="head",
    ),
    Cut(
        "cap",
        "Hat",
        "hat",
        ((0.26, -0.5), (0.25, -0.7, S), (0.05, -0.92, S), (-0.2, -0.84, S), (-0.31, -0.46), (0, -0.43, S)),
        patterns=("solid", "checkered", "dotted"),
        front=(
            Part(
                (
                    (0.1, -0.53),
                    (0.28, -0.53, S),
                    (0.5, -0.42, S),
                    (0.58, -0.33),
                    (0.3, -0.38, S),
                    (-0.02, -0.43),
                ),
                "one",
                "second",
            ),
        ),
        lines=(
            Line(((0.03, -0.92, S), (0.12, -0.7, S), (0.13, -0.5)), 0.012),
            Line(((0.0, -0.92),), 0.05, cloth="seam"),
        ),
        place="head",
        symmetry="one",
    ),
    Cut(
        "sneaker",
        "Shoes",
        "footwear",
        (
            (-0.5, 0.2),
            (-0.52, -0.12, S),
            (-0.44, -0.26),
            (-0.16, -0.24),
            (0.06, -0.08, S),
            (0.3, 0.02, S),
            (0.5, 0.12, S),
            (0.52, 0.2),
        ),
        patterns=("solid", "checkered", "striped", "dotted"),
        front=(
            Part(
                ((-0.54, 0.16), (0.0, 0.19), (0.55, 0.15, S), (0.56, 0.24, S), (0.5, 0.29), (-0.5, 0.29, S)),
                "one",
                "second",
                1.02,
            ),
            Part(((0.3, 0.04), (0.5, 0.12, S), (0.53, 0.18), (0.27, 0.19)), "one", "second", 0.98),
            Part(
                ((-0.5, -0.22), (-0.4, -0.25), (-0.36, 0.0, S), (-0.39, 0.17), (-0.51, 0.17)),
                "one",
                "main",
                0.86,
            ),
        ),
        lines=tuple(
            Line(((x, y), (x + 0.13, y - 0.05)), 0.028, cloth="metal")
            for x, y in ((-0.13, -0.1), (-0.05, -0.04), (0.03, 0.02), (0.11, 0.07))
        ),
        place="stand",
        symmetry="one",
    ),
    Cut(
        "ankle boot",
        "Shoes",
        "footwear",
        (
            (-0.4, 0.2),
            (-0.4, -0.2, S),
            (-0.36, -0.62),
            (0.02, -0.62),
            (0.02, -0.2, S),
            (0.14, -0.04, S),
            (0.42, 0.06, S),
            (0.48, 0.2),
        ),
        patterns=("solid",),
        front=(
            Part(
                ((-0.42, 0.18), (0.5, 0.18, S), (0.5, 0.26), (-0.14, 0.26), (-0.16, 0.36), (-0.42, 0.36)),
                "one",
                "lining",
                0.8,
            ),
            Part(((-0.26, -0.6), (-0.12, -0.6), (-0.14, -0.28), (-0.24, -0.28)), "one", "second", 0.9),
        ),
        lines=(Line(((-0.39, -0.06), (-0.1, -0.12, S), (0.08, -0.08)), 0.012),),
        place="stand",
        symmetry="one",
    ),
    Cut(
        "tote bag",
        "Bag",
        "bag",
        ((0, -0.3), (0.42, -0.3), (0.48, 0.5), (0.44, 0.55), (0, 0.56)),
        behind=(),
        lines=(
            Line(
                ((-0.22, -0.26), (-0.2, -0.6, S), (0, -0.8, S), (0.2, -0.6, S), (0.22, -0.26)),
                0.055,
                cloth="second",
            ),
            Line(((-0.42, -0.22), (0.42, -0.22)), 0.01),
        ),
        place="stand",
    ),
    Cut(
        "handbag",
        "Bag",
        "bag",
        ((0, -0.22), (0.38, -0.22), (0.46, 0.0, S), (0.5, 0.32, S), (0.4, 0.42, S), (0, 0.43, S)),
        patterns=("solid", "checkered", "zigzag"),
        front=(
            Part(
                ((0, -0.24), (0.41, -0.23), (0.44, -0.02, S), (0.22, 0.14, S), (0, 0.17, S)),
                cloth="main",
                tone=1.1,
            ),
        ),
        lines=(
            Line(
                ((-0.26, -0.2), (-0.2, -0.5, S), (0, -0.58, S), (0.2, -0.5, S), (0.26, -0.2)),
                0.05,
                cloth="second",
            ),
            Line(((0, 0.15),), 0.08, cloth="metal"),
        ),
        place="stand",
    ),
)


def cut_named(name: str) -> Cut:
    """The cut called ``name``.

    Raises:
        KeyError: there is none; the message lists the valid names.
    """
    for cut in CUTS:
        if cut.name == name:
            return cut
    raise KeyError(f"no cut {name!r}; there are: {', '.join(cut.name for cut in CUTS)}")
