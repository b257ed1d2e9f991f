"""Trousers, shorts and skirts."""

from __future__ import annotations

from pocketshelf.demo.studio.cut import Cut, Line
from pocketshelf.demo.studio.outline import SMOOTH as S

__all__ = ["BOTTOMS"]

_LEG_LINES = (
    Line(((0, 1.16), (0, 1.6)), 0.012),
    Line(((0.2, 1.18), (0.27, 1.3, S), (0.41, 1.34)), 0.01, "pair"),
    Line(((-0.36, 1.17), (0.36, 1.17)), 0.01),
    Line(((0, 1.125),), 0.04, cloth="metal"),
)

BOTTOMS: tuple[Cut, ...] = (
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
)
