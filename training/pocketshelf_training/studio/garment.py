"""A garment of the studio: a form with openings, length, cloth, colours; its cut and its landmarks.

Left and right are the viewer's, of a garment seen upright from the front.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from pocketshelf.demo.studio.cut import Cut, Line, Part
from pocketshelf.demo.studio.identity import Attributes, Identity
from pocketshelf.demo.studio.outline import Points, curve, mirrored
from pocketshelf_training.studio.forms import NECKS, SLEEVE_PARTS, Form, fastening, form_named
from pocketshelf_training.studio.pose import HANGING, Arms, swing

__all__ = ["LANDMARKS", "Garment", "Style"]

LANDMARKS = (
    *(
        f"{place} {side}"
        for place in ("collar", "shoulder", "sleeve", "waist", "hem")
        for side in ("left", "right")
    ),
    "crotch",
)
Mark = tuple[float, float]

_BEARING = ("upper", "outerwear", "dress")  # They hang from the shoulders.
_WAIST_AT = {"dress": 0.95, "upper": 0.92, "outerwear": 1.0}
# Landmarks lie a little inside, so that they are on the garment.
_INSIDE = 0.035


@dataclass(frozen=True)
class Style:
    """The openings and the length, by name; None where the form has none of that kind."""

    sleeve: str | None = None
    neckline: str | None = None
    closure: str | None = None
    length: str | None = None


@dataclass(frozen=True)
class Garment(Identity):
    """One product, as the tailor understands it (``cut``), with what training asks of it.

    Attributes:
        style: see `Style`; ``attributes`` of the base hold colours and pattern only.
        drop: factor of what lies below the form's hinge.
        fabric: number of the real close-up it is made of, or None where the cloth is drawn.
        own_colours: the close-up keeps its colours, so that no name of a colour is sure.
        arms: how the sleeves hang.
    """

    style: Style = field(default_factory=Style)
    drop: float = 1.0
    fabric: int | None = None
    own_colours: bool = False
    arms: tuple[Arms, Arms] = (HANGING, HANGING)

    @property
    def form(self) -> Form:
        """What kind of garment it is."""
        return form_named(self.cut_name)

    @property
    def cut(self) -> Cut:
        """With neckline, sleeves, closure, length and pose made up: nothing is left to choose."""
        return self._cut

    @cached_property
    def _cut(self) -> Cut:
        return _made_up(self)

    def posed(self, arms: tuple[Arms, Arms]) -> Garment:
        """The same garment on someone whose arms (left, right) are so."""
        return replace(self, arms=arms)

    def labels(self) -> dict[str, str]:
        """What is known of it, by the names of `pocketshelf_training.data`; only what the garment has."""
        known = {**vars(self.style), "pattern": self.attributes.pattern}
        if not self.own_colours:
            known["colour"] = self.attributes.colour
        return {name: value for name, value in known.items() if value}

    def landmarks(self) -> dict[str, Mark]:
        """Name to (x, y) in body units, as far as the garment has them."""
        return _landmarks(self)


def plain_attributes(colour: str, second: str, pattern: str) -> Attributes:
    """The base's attributes; openings are in `Style`."""
    return Attributes(colour, second, pattern)


def dropped(points: Points, hinge: float, factor: float) -> list[tuple[float, ...]]:
    """``points`` with what lies below ``hinge`` made longer."""
    return [
        (x, hinge + (y - hinge) * factor, *rest) if y > hinge else (x, y, *rest) for x, y, *rest in points
    ]


def _body(garment: Garment) -> list[tuple[float, ...]]:
    return dropped(garment.form.cut.body, garment.form.hinge, garment.drop)


def _made_up(garment: Garment) -> Cut:
    style, cut = garment.style, garment.form.cut
    body, neck = _body(garment), NECKS[style.neckline] if style.neckline else ()
    fits = [part for part in _front(garment) if not garment.form.lengths or _ends_above(part, body)]
    parts, lines = _fastened(garment, neck, body)
    behind = (*_lining(neck), *_sleeves(garment, front=False))
    opened = style.closure == "open"
    if opened:
        behind = (Part((*neck, *body), cloth="lining"), *behind)
        outline: Points = ((neck[-1][0] - 0.01, 0.0), *body[:-1], (0.14, body[-1][1]), (0.16, 0.6))
    else:
        outline = (*neck, *body)
    return replace(
        cut,
        body=tuple(outline),
        symmetry="pair" if opened else cut.symmetry,
        behind=(*behind, *cut.behind),
        front=(*fits, *parts, *_sleeves(garment, front=True)),
        lines=(*(_dropped_line(line, garment) for line in cut.lines), *lines),
    )


def _ends_above(part: Part, body: Points) -> bool:
    """A pocket below the hem of a short coat is left out."""
    return max(point[1] for point in part.points) < max(point[1] for point in body) + 0.05


def _front(garment: Garment) -> tuple[Part, ...]:
    """Pockets, lapels and hoods; a shirt's collar comes with its closure, an open coat has no hood."""
    cut, style = garment.form.cut, garment.style
    if style.neckline == "collar":
        return tuple(part for part in cut.front if part.symmetry != "pair")
    if style.closure == "open":
        return tuple(part for part in cut.front if part.symmetry == "pair")
    return cut.front


def _dropped_line(line: Line, garment: Garment) -> Line:
    return replace(line, points=tuple(dropped(line.points, garment.form.hinge, garment.drop)))


def _lining(neck: Points) -> tuple[Part, ...]:
    if not neck:
        return ()
    edge = ((0, -0.02), (neck[-1][0], neck[-1][1] - 0.01), neck[-1], *reversed(neck[:-1]))
    return (Part(edge, cloth="lining"),)


def _sleeves(garment: Garment, front: bool) -> tuple[Part, ...]:
    """Those behind the body, or those in front of it."""
    parts = SLEEVE_PARTS[garment.style.sleeve] if garment.style.sleeve else ()
    return tuple(
        replace(part, points=tuple(swing(part.points, arm, side)), symmetry="one")
        for part in parts
        for side, arm in zip((-1, 1), garment.arms, strict=True)
        if arm.front == front
    )


def _fastened(garment: Garment, neck: Points, body: Points) -> tuple[tuple[Part, ...], tuple[Line, ...]]:
    style = garment.style
    if style.closure is None:
        return (), ()
    top, bottom = (neck or body)[0][1], body[-1][1]
    if garment.form.cut.group in ("trousers", "shorts"):
        return fastening(style.closure, top + 0.06, top + 0.5, False)
    if garment.form.name in ("T-shirt", "top"):  # A henley, or a half zip.
        bottom = top + 0.45
    if garment.form.name == "parka":
        top = 0.16
    return fastening(style.closure, top, bottom, style.neckline == "collar")


def _landmarks(garment: Garment) -> dict[str, Mark]:
    cut, style = garment.form.cut, garment.style
    if cut.place != "worn":
        return {}
    body = _body(garment)
    hem = max(body, key=lambda p: p[1] + 1.2 * p[0])
    found = {"hem": (hem[0] - _INSIDE, hem[1] - _INSIDE)}
    if cut.group in _BEARING:
        neck = NECKS[style.neckline or "crew"][-1]
        found["collar"] = (neck[0] + _INSIDE, neck[1] + _INSIDE)
        found["shoulder"] = (0.44, 0.1)
        if hem[1] > _WAIST_AT[cut.group] + 0.1:
            found["waist"] = (_width_at(body, _WAIST_AT[cut.group]) - _INSIDE, _WAIST_AT[cut.group])
    else:
        top = max(body, key=lambda p: p[0] - 3 * p[1])
        found["waist"] = (top[0] - _INSIDE, top[1] + _INSIDE)
    marks = {f"{name} {side}": (x * sign, y) for name, (x, y) in found.items() for side, sign in _SIDES}
    if cut.group in ("trousers", "shorts"):
        marks["crotch"] = (0.0, body[-1][1] - _INSIDE)
    return {**marks, **_sleeve_marks(garment)}


_SIDES = (("left", -1), ("right", 1))
# The corners of a sleeve's end among the points of its outline, from outside.
_SLEEVE_ENDS = {"cap": (2, 3), "short": (3, 4), "three-quarter": (4, 5), "long": (4, 5)}


def _sleeve_marks(garment: Garment) -> dict[str, Mark]:
    sleeve = garment.style.sleeve
    if sleeve not in _SLEEVE_ENDS:
        return {}
    points = SLEEVE_PARTS[sleeve][0].points
    middle = np.mean([points[k][:2] for k in _SLEEVE_ENDS[sleeve]], axis=0) - (0.008, _INSIDE)
    marks = {}
    for (side, sign), arm in zip(_SIDES, garment.arms, strict=True):
        x, y = swing([tuple(middle)], arm, sign)[0][:2]
        marks[f"sleeve {side}"] = (x, y)
    return marks


def _width_at(half: Points, y: float) -> float:
    """How far the outline reaches from the axis at height ``y``."""
    outline = curve(mirrored([(0.0, half[0][1]), *half]))
    right = outline[outline[:, 0] > 0]
    order = np.argsort(right[:, 1])
    return float(np.interp(y, right[order, 1], right[order, 0]))
