"""Hats, shoes and bags."""

from __future__ import annotations

from pocketshelf_training.studio.drawing.outline import SMOOTH as S
from pocketshelf_training.studio.wardrobe.form import Form, Line, Part

__all__ = ["ACCESSORIES"]


ACCESSORIES: tuple[Form, ...] = (
    Form(
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
    Form(
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
    Form(
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
    Form(
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
    Form(
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
    Form(
        "tote bag",
        "Bag",
        "bag",
        ((0, -0.3), (0.42, -0.3), (0.48, 0.5), (0.44, 0.55), (0, 0.56)),
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
    Form(
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
