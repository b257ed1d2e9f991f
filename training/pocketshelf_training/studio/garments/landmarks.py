"""Landmarks of a garment, in body units: collar, shoulders, sleeves, waist, hem and crotch.

Left and right are the viewer's, of a garment seen upright from the front.
"""

from __future__ import annotations

import numpy as np

from pocketshelf_training.studio.drawing.outline import Points, curve, mirrored
from pocketshelf_training.studio.garments.arms import swing
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.wardrobe.openings import NECKLINES, SLEEVE_ENDS, SLEEVES

__all__ = ["LANDMARKS", "landmarks"]

LANDMARKS = (
    *(
        f"{place} {side}"
        for place in ("collar", "shoulder", "sleeve", "waist", "hem")
        for side in ("left", "right")
    ),
    "crotch",
)
Mark = tuple[float, float]

# Of what hangs from the shoulders.
_WAIST_AT = {"dress": 0.95, "upper": 0.92, "outerwear": 1.0}
# Landmarks lie a little inside, so that they are on the garment.
_INSIDE = 0.035
_SIDES = (("left", -1), ("right", 1))


def landmarks(garment: Garment) -> dict[str, Mark]:
    """Name to (x, y), as far as the garment has them."""
    form, body = garment.form, garment.body
    if form.place != "worn":
        return {}
    hem = max(body, key=lambda p: p[1] + 1.2 * p[0])
    found = {"hem": (hem[0] - _INSIDE, hem[1] - _INSIDE)}
    if form.group in _WAIST_AT:
        neck = NECKLINES[garment.attributes.neckline or "crew"][-1]
        found["collar"] = (neck[0] + _INSIDE, neck[1] + _INSIDE)
        found["shoulder"] = (0.44, 0.1)
        if hem[1] > _WAIST_AT[form.group] + 0.1:
            found["waist"] = (_width_at(body, _WAIST_AT[form.group]) - _INSIDE, _WAIST_AT[form.group])
    else:
        top = max(body, key=lambda p: p[0] - 3 * p[1])
        found["waist"] = (top[0] - _INSIDE, top[1] + _INSIDE)
    marks = {f"{name} {side}": (x * sign, y) for name, (x, y) in found.items() for side, sign in _SIDES}
    if form.group in ("trousers", "shorts"):
        marks["crotch"] = (0.0, body[-1][1] - _INSIDE)
    return {**marks, **_sleeve_marks(garment)}


def _sleeve_marks(garment: Garment) -> dict[str, Mark]:
    sleeve = garment.attributes.sleeve
    if sleeve not in SLEEVE_ENDS:
        return {}
    middle = np.mean([SLEEVES[sleeve][k][:2] for k in SLEEVE_ENDS[sleeve]], axis=0) - (0.008, _INSIDE)
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
