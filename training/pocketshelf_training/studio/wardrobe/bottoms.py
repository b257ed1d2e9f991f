"""Trousers, shorts and skirts."""

from __future__ import annotations

from pocketshelf_training.studio.drawing.outline import SMOOTH as S
from pocketshelf_training.studio.wardrobe.form import Form, Line
from pocketshelf_training.studio.wardrobe.openings import lengths

__all__ = ["BOTTOMS"]

_WAISTBAND = (
    Line(((0.2, 1.18), (0.27, 1.3, S), (0.41, 1.34)), 0.01, "pair"),
    Line(((-0.36, 1.17), (0.36, 1.17)), 0.01),
)
_LEG_CLOSURES = ("button", "zip", "drawstring")
_SKIRT_CLOSURES = ("none", "button", "zip")

BOTTOMS: tuple[Form, ...] = (
    Form(
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
        closures=_LEG_CLOSURES,
        patterns=("solid", "striped", "checkered"),
        lines=_WAISTBAND,
        hinge=1.8,
        lengths=lengths(0.6, 1.0)[:2],
    ),
    Form(
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
        closures=_LEG_CLOSURES,
        patterns=("solid", "striped", "floral", "checkered"),
        hinge=1.8,
        lengths=lengths(0.6, 1.0)[:2],
    ),
    Form(
        "shorts",
        "Shorts",
        "shorts",
        ((0, 1.08), (0.36, 1.08), (0.46, 1.42, S), (0.54, 2.0), (0.08, 2.04), (0, 1.66)),
        closures=_LEG_CLOSURES,
        lines=_WAISTBAND,
        hinge=1.68,
        lengths=lengths(0.55, 1.75),
    ),
    Form(
        "skirt",
        "Skirt",
        "skirt",
        ((0, 1.06), (0.33, 1.06), (0.48, 1.45, S), (0.72, 2.15), (0.36, 2.21, S), (0, 2.22, S)),
        closures=_SKIRT_CLOSURES,
        lines=(Line(((-0.34, 1.14), (0.34, 1.14)), 0.012),),
        hinge=1.3,
        lengths=lengths(0.55, 1.75),
    ),
    Form(
        "pencil skirt",
        "Skirt",
        "skirt",
        ((0, 1.06), (0.33, 1.06), (0.47, 1.45, S), (0.42, 2.2), (0, 2.22)),
        closures=_SKIRT_CLOSURES,
        patterns=("solid", "striped", "checkered", "zigzag", "dotted"),
        lines=(Line(((-0.34, 1.14), (0.34, 1.14)), 0.012), Line(((0.2, 2.2), (0.2, 1.9)), 0.012)),
        hinge=1.3,
        lengths=lengths(0.6, 1.6),
    ),
)
