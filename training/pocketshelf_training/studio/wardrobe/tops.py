"""T-shirts, shirts, jackets and dresses: what hangs from the shoulders."""

from __future__ import annotations

from pocketshelf_training.studio.drawing.outline import SMOOTH as S
from pocketshelf_training.studio.drawing.outline import Points
from pocketshelf_training.studio.wardrobe.form import Form, Line, Part
from pocketshelf_training.studio.wardrobe.openings import lengths

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

TOPS: tuple[Form, ...] = (
    Form(
        "T-shirt",
        "T-Shirt",
        "upper",
        _TORSO,
        ("crew", "v-neck", "scoop", "boat"),
        ("short", "cap", "none"),
        ("none", "none", "button"),
        hinge=0.5,
        lengths=lengths(0.72, 1.3),
    ),
    Form(
        "top",
        "Longsleeve",
        "upper",
        _TORSO,
        ("crew", "boat", "v-neck", "turtle"),
        ("long", "three-quarter"),
        ("none", "none", "button", "zip"),
        hinge=0.5,
        lengths=lengths(0.72, 1.3),
    ),
    Form(
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
        ("button",),
        ("solid", "striped", "checkered", "dotted", "floral"),
        front=(
            Part(((0.13, 0.42), (0.34, 0.42), (0.34, 0.6), (0.235, 0.65), (0.13, 0.6)), "one", tone=1.03),
        ),
        hinge=0.5,
        lengths=lengths(0.76, 1.25),
    ),
    Form(
        "jacket",
        "Outwear",
        "outerwear",
        ((0.38, 0.0, S), (0.53, 0.07), (0.48, 0.3, S), (0.5, 0.5), (0.48, 0.95, S), (0.52, 1.46), (0, 1.48)),
        ("lapel",),
        ("long",),
        ("button", "zip", "open"),
        ("solid", "checkered", "zigzag"),
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
        hinge=0.85,
        lengths=lengths(0.55, 1.6),
    ),
    Form(
        "parka",
        "Outwear",
        "outerwear",
        ((0.38, 0.0, S), (0.54, 0.07), (0.5, 0.3, S), (0.53, 0.5), (0.54, 1.0, S), (0.58, 1.75), (0, 1.78)),
        ("turtle",),
        ("long",),
        ("zip", "button", "open"),
        ("solid", "striped", "checkered"),
        front=(
            Part(
                ((0, -0.16), (0.2, -0.14, S), (0.27, 0.02, S), (0.16, 0.14, S), (0, 0.2)),
                cloth="second",
                tone=0.92,
            ),
            Part(((0.16, 1.12), (0.43, 1.12), (0.43, 1.42), (0.16, 1.42)), "pair", tone=0.93),
        ),
        hinge=0.85,
        lengths=lengths(0.6, 1.45),
    ),
    Form(
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
        ("none", "cap", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        lines=(Line(((-0.31, 0.96), (0, 0.98, S), (0.31, 0.96)), 0.016),),
        hinge=1.15,
        lengths=lengths(0.6, 1.5),
    ),
    Form(
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
        ("boat", "crew", "v-neck", "collar"),
        ("none", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        hinge=1.15,
        lengths=lengths(0.62, 1.7),
    ),
)
