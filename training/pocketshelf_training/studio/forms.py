"""Which garments there are to be drawn: the demo's cuts with closures, lengths and more sleeves.

A form is data. What a garment is called (`category`, `group`) is the cut's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pocketshelf.demo.studio.cut import Cut, Line, Part
from pocketshelf.demo.studio.outline import SMOOTH as S
from pocketshelf.demo.studio.outline import Points
from pocketshelf.demo.studio.wardrobe import NECKLINES, SLEEVES, cut_named

__all__ = ["FORMS", "NECKS", "SLEEVE_PARTS", "Form", "fastening", "form_named"]

# The demo's opening of a jacket is what a shop calls a lapel.
NECKS: dict[str, Points] = {**{k: v for k, v in NECKLINES.items() if k != "open"}, "lapel": NECKLINES["open"]}

SLEEVE_PARTS: dict[str, tuple[Part, ...]] = {
    **SLEEVES,
    "three-quarter": (
        Part(
            (
                (0.3, 0.02),
                (0.5, 0.06, S),
                (0.63, 0.24, S),
                (0.73, 0.62, S),
                (0.78, 0.94),
                (0.58, 0.98),
                (0.52, 0.7, S),
                (0.4, 0.4),
            ),
            "pair",
            tone=0.97,
        ),
    ),
}

_COLLAR = (Part(((0, 0.21), (0.185, -0.02), (0.2, 0.02, S), (0.23, 0.1), (0.115, 0.26)), "pair", tone=1.05),)


@dataclass(frozen=True)
class Form:
    """One kind of garment.

    Attributes:
        cut: its outline, patterns and what is fixed on it; without neckline, sleeves and closure.
        necklines, sleeves, closures: what it comes with; empty: it has none of that kind.
        hinge: below this y the length varies.
        lengths: name to factor of what lies below the hinge.
    """

    cut: Cut
    necklines: tuple[str, ...] = ()
    sleeves: tuple[str, ...] = ()
    closures: tuple[str, ...] = ()
    hinge: float = 10.0
    lengths: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """The cut's."""
        return self.cut.name


def _plain(name: str, lines: tuple[Line, ...] | None = None) -> Cut:
    """The demo's cut without its openings; ``lines`` replaces its own, which hold its closure."""
    cut = cut_named(name)
    kept = cut.lines if lines is None else lines
    return replace(cut, necklines=(), sleeves=(), lines=kept, behind=(), stretch=10.0)


def _upper(short: float, long: float) -> tuple[tuple[str, float], ...]:
    return (("short", short), ("regular", 1.0), ("long", long))


_WAISTBAND = (
    Line(((0.2, 1.18), (0.27, 1.3, S), (0.41, 1.34)), 0.01, "pair"),
    Line(((-0.36, 1.17), (0.36, 1.17)), 0.01),
)
_LEG_CLOSURES = ("button", "zip", "drawstring")

FORMS: tuple[Form, ...] = (
    Form(
        _plain("T-shirt", ()),
        ("crew", "v-neck", "scoop", "boat"),
        ("short", "cap", "none"),
        ("none", "none", "button"),
        0.5,
        _upper(0.72, 1.3),
    ),
    Form(
        _plain("top", ()),
        ("crew", "boat", "v-neck", "turtle"),
        ("long", "three-quarter"),
        ("none", "none", "button", "zip"),
        0.5,
        _upper(0.72, 1.3),
    ),
    Form(_plain("shirt", ()), ("collar",), ("long", "short"), ("button",), 0.5, _upper(0.76, 1.25)),
    Form(_plain("jacket", ()), ("lapel",), ("long",), ("button", "zip", "open"), 0.85, _upper(0.55, 1.6)),
    Form(_plain("parka", ()), ("turtle",), ("long",), ("zip", "button", "open"), 0.85, _upper(0.6, 1.45)),
    Form(
        _plain("dress"),
        ("scoop", "v-neck", "crew", "boat"),
        ("none", "cap", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        1.15,
        _upper(0.6, 1.5),
    ),
    Form(
        _plain("shift dress"),
        ("boat", "crew", "v-neck", "collar"),
        ("none", "short", "three-quarter", "long"),
        ("none", "button", "zip"),
        1.15,
        _upper(0.62, 1.7),
    ),
    Form(_plain("trousers", _WAISTBAND), closures=_LEG_CLOSURES, hinge=1.8, lengths=_upper(0.6, 1.0)[:2]),
    Form(_plain("wide trousers", ()), closures=_LEG_CLOSURES, hinge=1.8, lengths=_upper(0.6, 1.0)[:2]),
    Form(_plain("shorts", _WAISTBAND), closures=_LEG_CLOSURES, hinge=1.68, lengths=_upper(0.55, 1.75)),
    Form(_plain("skirt"), closures=("none", "button", "zip"), hinge=1.3, lengths=_upper(0.55, 1.75)),
    Form(_plain("pencil skirt"), closures=("none", "button", "zip"), hinge=1.3, lengths=_upper(0.6, 1.6)),
    *(
        Form(cut_named(name))
        for name in ("beanie", "sun hat", "cap", "sneaker", "ankle boot", "tote bag", "handbag")
    ),
)


def form_named(name: str) -> Form:
    """The form called ``name``.

    Raises:
        KeyError: there is none; the message lists the valid names.
    """
    for form in FORMS:
        if form.name == name:
            return form
    raise KeyError(f"no form {name!r}; there are: {', '.join(form.name for form in FORMS)}")


def fastening(
    closure: str, top: float, bottom: float, collar: bool
) -> tuple[tuple[Part, ...], tuple[Line, ...]]:
    """What closes a garment, from ``top`` to ``bottom`` in body units; "open" is a matter of its outline.

    Returns:
        Parts for the front, and lines.
    """
    parts = _COLLAR if collar else ()
    if closure == "button":
        count = max(2, round((bottom - top) / 0.2))
        step = (bottom - top) / count
        dots = tuple(Line(((0, top + step * (k + 0.5)),), 0.036, cloth="metal") for k in range(count))
        return parts, (Line(((0.028, top), (0.028, bottom)), 0.01), *dots)
    if closure == "zip":
        pull = Line(((0, top + 0.02), (0.0, top + 0.1)), 0.045, cloth="metal")
        return parts, (Line(((0, top), (0, bottom)), 0.026, cloth="metal"), pull)
    if closure == "drawstring":
        ends = Line(((0.03, top), (0.06, top + 0.26)), 0.022, "pair", "lining")
        return parts, (Line(((-0.06, top), (0.06, top)), 0.03, cloth="lining"), ends)
    return parts, ()
