"""All forms that the studio knows. A wider studio adds forms, openings and patterns."""

from __future__ import annotations

from pocketshelf_training.studio.drawing.outline import path
from pocketshelf_training.studio.wardrobe.form import Form, Line, Part
from pocketshelf_training.studio.wardrobe.openings import lengths

__all__ = ["FORMS"]

_TORSO = path("0.36,0.02~ 0.49,0.07 0.43,0.3~ 0.44,0.5 0.41,0.85~ 0.45,1.28 0.2,1.31~ 0,1.32~")
_WAISTBAND = (
    Line(path("0.2,1.18 0.27,1.3~ 0.41,1.34"), 0.01, "pair"),
    Line(path("-0.36,1.17 0.36,1.17"), 0.01),
)
_SKIRT_BAND = Line(path("-0.34,1.14 0.34,1.14"), 0.012)
_LEG_CLOSURES = ("button", "zip", "drawstring")
_SKIRT_CLOSURES = ("none", "button", "zip")

FORMS: tuple[Form, ...] = (
    # T-shirts, shirts, jackets and dresses: what hangs from the shoulders.
    Form(
        "T-shirt",
        "T-Shirt",
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
        path("0.36,0.02~ 0.49,0.07 0.43,0.3~ 0.45,0.5 0.43,0.9~ 0.46,1.26 0.3,1.4~ 0,1.42~"),
        ("collar",),
        ("long", "short"),
        ("button",),
        ("solid", "striped", "checkered", "dotted", "floral"),
        front=(Part(path("0.13,0.42 0.34,0.42 0.34,0.6 0.235,0.65 0.13,0.6"), "one", tone=1.03),),
        hinge=0.5,
        lengths=lengths(0.76, 1.25),
    ),
    Form(
        "jacket",
        "Outwear",
        path("0.38,0~ 0.53,0.07 0.48,0.3~ 0.5,0.5 0.48,0.95~ 0.52,1.46 0,1.48"),
        ("lapel",),
        ("long",),
        ("button", "zip", "open"),
        ("solid", "checkered", "zigzag"),
        front=(
            Part(
                path("0.2,-0.02 0.27,0.05 0.3,0.26 0.21,0.3 0.25,0.38 0.012,0.82 0.012,0.7"), "pair", tone=1.1
            ),
            Part(path("0.18,1.05 0.42,1.02 0.43,1.1 0.19,1.13"), "pair", tone=0.9),
        ),
        hinge=0.85,
        lengths=lengths(0.55, 1.6),
    ),
    Form(
        "parka",
        "Outwear",
        path("0.38,0~ 0.54,0.07 0.5,0.3~ 0.53,0.5 0.54,1~ 0.58,1.75 0,1.78"),
        ("turtle",),
        ("long",),
        ("zip", "button", "open"),
        ("solid", "striped", "checkered"),
        front=(
            Part(path("0,-0.16 0.2,-0.14~ 0.27,0.02~ 0.16,0.14~ 0,0.2"), cloth="second", tone=0.92),
            Part(path("0.16,1.12 0.43,1.12 0.43,1.42 0.16,1.42"), "pair", tone=0.93),
        ),
        hinge=0.85,
        lengths=lengths(0.6, 1.45),
    ),
    Form(
        "dress",
        "Dress",
        path("0.36,0.02~ 0.45,0.07 0.4,0.3~ 0.4,0.48 0.31,0.92~ 0.42,1.3~ 0.68,2.3 0.3,2.36~ 0,2.37~"),
        ("scoop", "v-neck", "crew", "boat"),
        ("none", "cap", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        lines=(Line(path("-0.31,0.96 0,0.98~ 0.31,0.96"), 0.016),),
        hinge=1.15,
        lengths=lengths(0.6, 1.5),
    ),
    Form(
        "shift dress",
        "Dress",
        path("0.36,0.02~ 0.46,0.07 0.41,0.3~ 0.42,0.5 0.42,1~ 0.47,1.5~ 0.46,2.05 0,2.07"),
        ("boat", "crew", "v-neck", "collar"),
        ("none", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        hinge=1.15,
        lengths=lengths(0.62, 1.7),
    ),
    # Trousers, shorts and skirts.
    Form(
        "trousers",
        "Pants",
        path("0,1.08 0.36,1.08 0.46,1.42~ 0.44,2.2~ 0.38,3 0.15,3 0.1,2.2~ 0,1.66"),
        closures=_LEG_CLOSURES,
        patterns=("solid", "striped", "checkered"),
        lines=_WAISTBAND,
        hinge=1.8,
        lengths=lengths(0.6, 1.0)[:2],
    ),
    Form(
        "wide trousers",
        "Pants",
        path("0,1.02 0.34,1.02 0.45,1.4~ 0.54,2.2~ 0.64,3 0.12,3.02 0.07,2.2~ 0,1.64"),
        closures=_LEG_CLOSURES,
        patterns=("solid", "striped", "floral", "checkered"),
        hinge=1.8,
        lengths=lengths(0.6, 1.0)[:2],
    ),
    Form(
        "shorts",
        "Shorts",
        path("0,1.08 0.36,1.08 0.46,1.42~ 0.54,2 0.08,2.04 0,1.66"),
        closures=_LEG_CLOSURES,
        lines=_WAISTBAND,
        hinge=1.68,
        lengths=lengths(0.55, 1.75),
    ),
    Form(
        "skirt",
        "Skirt",
        path("0,1.06 0.33,1.06 0.48,1.45~ 0.72,2.15 0.36,2.21~ 0,2.22~"),
        closures=_SKIRT_CLOSURES,
        lines=(_SKIRT_BAND,),
        hinge=1.3,
        lengths=lengths(0.55, 1.75),
    ),
    Form(
        "pencil skirt",
        "Skirt",
        path("0,1.06 0.33,1.06 0.47,1.45~ 0.42,2.2 0,2.22"),
        closures=_SKIRT_CLOSURES,
        patterns=("solid", "striped", "checkered", "zigzag", "dotted"),
        lines=(_SKIRT_BAND, Line(path("0.2,2.2 0.2,1.9"), 0.012)),
        hinge=1.3,
        lengths=lengths(0.6, 1.6),
    ),
    # Hats, shoes and bags.
    Form(
        "beanie",
        "Hat",
        path("0,-0.98~ 0.2,-0.9~ 0.3,-0.64~ 0.3,-0.42 0,-0.4"),
        patterns=("solid", "striped", "zigzag", "checkered"),
        front=(
            Part(path("0,-0.56 0.315,-0.58 0.315,-0.4~ 0,-0.37~"), cloth="second", tone=1.03),
            Part(path("0,-1.12~ 0.08,-1.05~ 0,-0.96~"), cloth="second"),
        ),
    ),
    Form(
        "sun hat",
        "Hat",
        path("0,-0.5~ 0.5,-0.56~ 0.62,-0.48~ 0.4,-0.38~ 0,-0.34~"),
        patterns=("solid", "striped", "dotted", "floral"),
        front=(
            Part(path("0,-0.88~ 0.2,-0.86~ 0.27,-0.52 0,-0.46~"), tone=1.04),
            Part(path("0,-0.55~ 0.265,-0.61 0.275,-0.5 0,-0.44~"), cloth="second"),
        ),
    ),
    Form(
        "cap",
        "Hat",
        path("0.26,-0.5 0.25,-0.7~ 0.05,-0.92~ -0.2,-0.84~ -0.31,-0.46 0,-0.43~"),
        patterns=("solid", "checkered", "dotted"),
        front=(
            Part(path("0.1,-0.53 0.28,-0.53~ 0.5,-0.42~ 0.58,-0.33 0.3,-0.38~ -0.02,-0.43"), "one", "second"),
        ),
        lines=(
            Line(path("0.03,-0.92~ 0.12,-0.7~ 0.13,-0.5"), 0.012),
            Line(path("0,-0.92"), 0.05, cloth="seam"),
        ),
        symmetry="one",
    ),
    Form(
        "sneaker",
        "Shoes",
        path("-0.5,0.2 -0.52,-0.12~ -0.44,-0.26 -0.16,-0.24 0.06,-0.08~ 0.3,0.02~ 0.5,0.12~ 0.52,0.2"),
        patterns=("solid", "checkered", "striped", "dotted"),
        front=(
            Part(path("-0.54,0.16 0,0.19 0.55,0.15~ 0.56,0.24~ 0.5,0.29 -0.5,0.29~"), "one", "second", 1.02),
            Part(path("0.3,0.04 0.5,0.12~ 0.53,0.18 0.27,0.19"), "one", "second", 0.98),
            Part(path("-0.5,-0.22 -0.4,-0.25 -0.36,0~ -0.39,0.17 -0.51,0.17"), "one", "main", 0.86),
        ),
        lines=tuple(
            Line(((x, y), (x + 0.13, y - 0.05)), 0.028, cloth="metal")
            for x, y in ((-0.13, -0.1), (-0.05, -0.04), (0.03, 0.02), (0.11, 0.07))
        ),
        symmetry="one",
    ),
    Form(
        "ankle boot",
        "Shoes",
        path("-0.4,0.2 -0.4,-0.2~ -0.36,-0.62 0.02,-0.62 0.02,-0.2~ 0.14,-0.04~ 0.42,0.06~ 0.48,0.2"),
        patterns=("solid",),
        front=(
            Part(
                path("-0.42,0.18 0.5,0.18~ 0.5,0.26 -0.14,0.26 -0.16,0.36 -0.42,0.36"), "one", "lining", 0.8
            ),
            Part(path("-0.26,-0.6 -0.12,-0.6 -0.14,-0.28 -0.24,-0.28"), "one", "second", 0.9),
        ),
        lines=(Line(path("-0.39,-0.06 -0.1,-0.12~ 0.08,-0.08"), 0.012),),
        symmetry="one",
    ),
    Form(
        "tote bag",
        "Bag",
        path("0,-0.3 0.42,-0.3 0.48,0.5 0.44,0.55 0,0.56"),
        lines=(
            Line(path("-0.22,-0.26 -0.2,-0.6~ 0,-0.8~ 0.2,-0.6~ 0.22,-0.26"), 0.055, cloth="second"),
            Line(path("-0.42,-0.22 0.42,-0.22"), 0.01),
        ),
    ),
    Form(
        "handbag",
        "Bag",
        path("0,-0.22 0.38,-0.22 0.46,0~ 0.5,0.32~ 0.4,0.42~ 0,0.43~"),
        patterns=("solid", "checkered", "zigzag"),
        front=(Part(path("0,-0.24 0.41,-0.23 0.44,-0.02~ 0.22,0.14~ 0,0.17~"), cloth="main", tone=1.1),),
        lines=(
            Line(path("-0.26,-0.2 -0.2,-0.5~ 0,-0.58~ 0.2,-0.5~ 0.26,-0.2"), 0.05, cloth="second"),
            Line(path("0,0.15"), 0.08, cloth="metal"),
        ),
    ),
)
