"""Necklines, sleeves and closures, which a garment combines with a form; and its lengths."""

from __future__ import annotations

from pocketshelf_training.studio.drawing.outline import Points, path
from pocketshelf_training.studio.wardrobe.form import Line, Part

__all__ = ["COLLAR", "NECKLINES", "SLEEVES", "SLEEVE_ENDS", "fastening", "lengths"]

NECKLINES: dict[str, Points] = {
    "crew": path("0,0.14~ 0.12,0.1~ 0.19,0"),
    "v-neck": path("0,0.38 0.19,0"),
    "boat": path("0,0.08~ 0.2,0.05~ 0.31,0.02"),
    "scoop": path("0,0.3~ 0.16,0.24~ 0.23,0"),
    "turtle": path("0,-0.1 0.15,-0.1 0.17,0"),
    "collar": path("0,0.2 0.18,0"),
    "lapel": path("0,0.62 0.2,0"),
}

# The outline of the right sleeve, hanging; "none" has none.
SLEEVES: dict[str, Points] = {
    "cap": path("0.3,0.02 0.5,0.06~ 0.62,0.27 0.42,0.36"),
    "short": path("0.3,0.02 0.5,0.06~ 0.62,0.22~ 0.73,0.55 0.49,0.6 0.4,0.4"),
    "three-quarter": path("0.3,0.02 0.5,0.06~ 0.63,0.24~ 0.73,0.62~ 0.78,0.94 0.58,0.98 0.52,0.7~ 0.4,0.4"),
    "long": path("0.3,0.02 0.5,0.06~ 0.63,0.24~ 0.74,0.7~ 0.83,1.3 0.66,1.33 0.55,0.8~ 0.4,0.4"),
}
# The corners of a sleeve's end among the points of its outline, from outside.
SLEEVE_ENDS = {"cap": (2, 3), "short": (3, 4), "three-quarter": (4, 5), "long": (4, 5)}

# What is turned over where the neckline is a collar.
COLLAR = Part(path("0,0.21 0.185,-0.02 0.2,0.02~ 0.23,0.1 0.115,0.26"), "pair", tone=1.05)


def lengths(short: float, long: float) -> tuple[tuple[str, float], ...]:
    """Short, regular and long, as factors of what lies below a form's hinge."""
    return (("short", short), ("regular", 1.0), ("long", long))


def fastening(closure: str, top: float, bottom: float) -> tuple[Line, ...]:
    """What closes a garment, from ``top`` to ``bottom`` in body units; "open" is a matter of its outline."""
    if closure == "button":
        count = max(2, round((bottom - top) / 0.2))
        step = (bottom - top) / count
        dots = (Line(((0, top + step * (k + 0.5)),), 0.036, cloth="metal") for k in range(count))
        return (Line(((0.028, top), (0.028, bottom)), 0.01), *dots)
    if closure == "zip":
        pull = Line(((0, top + 0.02), (0.0, top + 0.1)), 0.045, cloth="metal")
        return (Line(((0, top), (0, bottom)), 0.026, cloth="metal"), pull)
    if closure == "drawstring":
        ends = Line(((0.03, top), (0.06, top + 0.26)), 0.022, "pair", "lining")
        return (Line(((-0.06, top), (0.06, top)), 0.03, cloth="lining"), ends)
    return ()
