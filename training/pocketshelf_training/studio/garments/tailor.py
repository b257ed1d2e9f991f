"""Sew a garment: its cut, laid out of its cloth on a canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pocketshelf_training.studio.drawing.canvas import Canvas, folds
from pocketshelf_training.studio.drawing.outline import Patch, Points, sides
from pocketshelf_training.studio.drawing.palette import rgb
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.wardrobe.form import Form, Line, Part

__all__ = ["Material", "Weave", "Window", "extent", "sew"]

Window = tuple[float, float, float, float]
Weave = Callable[[tuple[int, int], float, float, np.random.Generator], np.ndarray]

_FOLDS = {"worn": 0.045, "head": 0.02, "stand": 0.012}


@dataclass(frozen=True)
class Material:
    """What a garment is made of.

    Attributes:
        main, second: colours, float32 (3,) in [0, 1].
        weave: (size (width, height), pixels in a body unit, scale of the repeat, rng) to fabric (h, w, 3).
    """

    main: np.ndarray
    second: np.ndarray
    weave: Weave


def sew(canvas: Canvas, garment: Garment, material: Material, worn: bool) -> np.ndarray:
    """Lay the garment on ``canvas``; linings stay hidden when ``worn``.

    Returns:
        The garment's own coverage, float32 (h, w) in [0, 1].
    """
    cloths = _cloths(canvas, garment, material)
    cover = np.zeros(canvas.rgba.shape[:2], dtype=np.float32)
    for part in _parts(garment.cut, worn):
        for points in sides(part.points, part.symmetry):
            patch = canvas.area(points)
            canvas.lay(patch, _on(cloths[part.cloth], patch) * part.tone * canvas.relief(patch))
            cover[patch.at] = np.maximum(cover[patch.at], patch.cover)
    for line in garment.cut.lines:
        for points in sides(line.points, line.symmetry):
            _sew_line(canvas, line, points, cloths, cover)
    return cover


def _sew_line(
    canvas: Canvas, line: Line, points: Points, cloths: dict[str, np.ndarray], cover: np.ndarray
) -> None:
    patch = canvas.stroke(points, line.width)
    if line.cloth == "seam":  # A stitched seam is a shadow on the cloth, and is nothing beside it.
        shadow = replace(patch, cover=patch.cover * cover[patch.at] * 0.55)
        canvas.lay(shadow, cloths["seam"])
    else:
        canvas.lay(patch, _on(cloths[line.cloth], patch) * canvas.relief(patch, 0.5))
        cover[patch.at] = np.maximum(cover[patch.at], patch.cover)


def _on(cloth: np.ndarray, patch: Patch) -> np.ndarray:
    """A colour as it is, a sheet cut to the patch."""
    return cloth if cloth.ndim == 1 else cloth[patch.at]


def extent(garment: Garment) -> Window:
    """The window (left, top, right, bottom) in body units that holds the whole garment."""
    pieces: list[Part | Line] = [*_parts(garment.cut, worn=False), *garment.cut.lines]
    points = [p for piece in pieces for side in sides(piece.points, piece.symmetry) for p in side]
    ends = np.array([point[:2] for point in points])
    (left, top), (right, bottom) = ends.min(axis=0) - 0.08, ends.max(axis=0) + 0.08
    return float(left), float(top), float(right), float(bottom)


def _parts(cut: Form, worn: bool) -> Iterator[Part]:
    """From the back to the front."""
    yield from (part for part in cut.behind if not (worn and part.cloth == "lining"))
    yield Part(cut.body, cut.symmetry)
    yield from cut.front


def _cloths(canvas: Canvas, garment: Garment, material: Material) -> dict[str, np.ndarray]:
    """What each kind of part is made of: colours (3,) or sheets (h, w, 3)."""
    a, main, second = garment.attributes, material.main, material.second
    metal = rgb("beige") if a.second_colour in ("white", "sky", "pink") else rgb("grey")
    return {
        "main": _sheet(canvas, garment, material),
        "second": second if a.pattern != "solid" or garment.form.place != "worn" else main * 0.9,
        "lining": main * 0.5 + 0.06,
        "seam": main * 0.35,
        "metal": metal if float(np.abs(metal - main).sum()) > 0.3 else rgb("black"),
    }


def _sheet(canvas: Canvas, garment: Garment, material: Material) -> np.ndarray:
    """Fabric (h, w, 3) on the canvas, woven only where the garment can be."""
    rng = np.random.default_rng([garment.seed, 2])
    window = np.array(extent(garment)).reshape(2, 2)
    low, high = np.clip(canvas.pixels(window).round().astype(int), 0, canvas.size)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    fabric = material.weave(size, canvas.unit, float(rng.uniform(0.85, 1.25)), rng)
    sheet = np.zeros((*canvas.rgba.shape[:2], 3), dtype=np.float32)
    sheet[low[1] : high[1], low[0] : high[0]] = fabric * folds(
        size, canvas.unit, _FOLDS[garment.form.place], rng
    )
    return sheet
