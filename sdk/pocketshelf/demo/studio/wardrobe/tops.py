"""T-shirts, shirts, jackets and dresses: what hangs from the shoulders."""

from __future__ import annotations

from pocketshelf.demo.studio.cut import Cut, Line, Part
from pocketshelf.demo.studio.outline import SMOOTH as S
from pocketshelf.demo.studio.outline import Points

__all__ = ["TOPS"]

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

TOPS: tuple[Cut, ...] = (
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
)
