"""Garments that nobody wears: on a hanger, flat, or folded."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.outline import Points, path
from pocketshelf_training.studio.drawing.palette import rgb
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.tailor import extent
from pocketshelf_training.studio.scene.stage import Layer, Stage

__all__ = ["flat", "fold", "hung"]

_HOOK = path("0,-0.02 0,-0.16~ 0.09,-0.24~ 0.04,-0.36~ -0.06,-0.3")
_BAR = path("-0.42,0.1 -0.2,0.02~ 0,-0.03~ 0.2,0.02~ 0.42,0.1")
Mark = tuple[float, float]

_BACK = 0.88  # brightness of the side that a fold turns up


def flat(number: int, garment: Garment, unit: float) -> Layer:
    """The garment alone, as in the shop's picture."""
    stage = Stage(extent(garment), unit)
    stage.wear(number, garment, worn=False)
    return stage.layer()


def hung(number: int, garment: Garment, unit: float) -> Layer:
    """On a hanger; what does not hang from the shoulders hangs from clips at the waist."""
    left, top, right, bottom = extent(garment)
    waist = not garment.form.necklines
    drop = top + 0.16 if waist else 0.0
    stage = Stage((left, min(top, drop - 0.45), right, bottom), unit)
    canvas = stage.canvas
    stage.lay(canvas.stroke(_moved(_HOOK, drop), 0.03), rgb("grey") * 0.8)
    bar = path("-0.36,-0.02 0.36,-0.02") if waist else _BAR
    stage.lay(canvas.stroke(_moved(bar, drop), 0.06), rgb("brown"))
    stage.wear(number, garment, worn=False)
    if waist:
        for x in (-0.3, 0.3):
            stage.lay(canvas.stroke(((x, drop - 0.02), (x, drop + 0.1)), 0.05), rgb("grey"))
    return stage.layer()


def _moved(points: Points, down: float) -> Points:
    return [(x, y + down, *rest) for x, y, *rest in points]


def fold(layer: Layer, rng: np.random.Generator) -> Layer:
    """The lower part turned up over the rest, or one or both sides turned in."""
    folded = Layer(layer.image, deepcopy(layer.pieces))
    width, height = layer.image.size
    kind = rng.random()
    if kind < 0.55:
        _turn_over(folded, "below", round(height * rng.uniform(0.52, 0.75)))
    if kind >= 0.35:
        _turn_over(folded, "right", round(width * rng.uniform(0.62, 0.8)))
        if rng.random() < 0.5:
            _turn_over(folded, "left", round(width * rng.uniform(0.2, 0.38)))
    return folded


def _turn_over(layer: Layer, side: str, line: int) -> None:
    """What lies beyond the row or column ``line`` is turned over it; the layer is changed.

    A landmark that comes to lie under it is hidden; one on it moves with it.
    """
    rgba = np.array(layer.image)
    width = layer.image.width
    crease = width - line if side == "left" else line

    def view(array: np.ndarray) -> np.ndarray:
        """The same memory, with what is turned over at the end of the first axis."""
        array = array if side == "below" else array.swapaxes(0, 1)
        return array[::-1] if side == "left" else array

    def seen_so(at: Mark) -> Mark:
        """(x, y) as (along the view's first axis, across it), or the other way round."""
        return {"below": (at[1], at[0]), "right": at, "left": (width - at[0], at[1])}[side]

    flap = _fold_picture(view(rgba), crease)
    for piece in layer.pieces:
        for cover in map(view, (piece.extent, piece.seen)):
            under = cover[crease - len(flap) : crease]
            np.maximum(under, flap, out=under)
            cover[crease:] = 0
        for name, mark in piece.marks.items():
            along, across = seen_so(mark)
            if along >= crease:
                piece.marks[name] = seen_so((max(0.0, 2 * crease - along), across))
            elif _covered(flap, along - (crease - len(flap)), across):
                piece.hidden.add(name)
    layer.image = Image.fromarray(rgba, "RGBA")


def _fold_picture(rgba: np.ndarray, crease: int) -> np.ndarray:
    """Turns rows from ``crease`` on up; returns the cover (rows, columns) of what was turned."""
    count = min(crease, len(rgba) - crease)
    flap = rgba[crease : crease + count][::-1].astype(np.float32)
    under = rgba[crease - count : crease].astype(np.float32)
    alpha = flap[..., 3:] / 255
    under[..., :3] = under[..., :3] * (1 - alpha) + flap[..., :3] * np.float32(_BACK) * alpha
    under[..., 3:] = np.maximum(under[..., 3:], flap[..., 3:])
    # A line of shadow at the flap's edge.
    under[:-1, :, :3] *= 1 - 0.4 * np.clip(np.diff(alpha, axis=0), 0, 1)
    rgba[crease - count : crease] = np.clip(under, 0, 255).astype(np.uint8)
    rgba[crease:] = 0
    return alpha[..., 0]


def _covered(flap: np.ndarray, row: float, column: float) -> bool:
    r, c = int(row), int(column)
    return 0 <= r < flap.shape[0] and 0 <= c < flap.shape[1] and bool(flap[r, c] > 0.5)
