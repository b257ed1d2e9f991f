"""Sew an identity: its cut, stretched to its length, laid out of its fabric on a canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pocketshelf.demo.studio.canvas import Canvas, folds
from pocketshelf.demo.studio.cut import Cut, Line, Part
from pocketshelf.demo.studio.fabric import weave
from pocketshelf.demo.studio.identity import Identity
from pocketshelf.demo.studio.outline import Patch, Points, mirrored
from pocketshelf.demo.studio.palette import rgb
from pocketshelf.demo.studio.wardrobe import NECKLINES, SLEEVES

__all__ = ["Material", "Window", "extent", "sew"]

Window = tuple[float, float, float, float]

_FOLDS = {"worn": 0.045, "head": 0.02, "stand": 0.012}


@dataclass(frozen=True)
class Material:
    """What a garment is made of, for those who have other cloth than the palette and the six patterns.

    Attributes:
        main, second: colours, float32 (3,) in [0, 1].
        weave: (size (width, height), pixels in a body unit, scale of the repeat, rng) to fabric (h, w, 3).
    """

    main: np.ndarray
    second: np.ndarray
    weave: Callable[[tuple[int, int], float, float, np.random.Generator], np.ndarray]


def sew(
    canvas: Canvas, identity: Identity, worn: bool = False, material: Material | None = None
) -> np.ndarray:
    """Lay the garment on ``canvas``; linings stay hidden when ``worn``.

    Args:
        material: in place of what the identity's attributes say.

    Returns:
        The garment's own coverage, float32 (h, w) in [0, 1].
    """
    cut, rng = identity.cut, np.random.default_rng([identity.seed, 2])
    cloths = _cloths(canvas, identity, material or _as_stated(identity), rng)
    cover = np.zeros(canvas.rgba.shape[:2], dtype=np.float32)
    for part in _parts(cut, identity, worn):
        for points in _sides(part.points, part.symmetry):
            patch = canvas.area(_stretched(points, cut, identity.length))
            canvas.lay(patch, _on(cloths[part.cloth], patch) * part.tone * canvas.relief(patch))
            cover[patch.at] = np.maximum(cover[patch.at], patch.cover)
    for line in cut.lines:
        for points in _sides(line.points, line.symmetry):
            _sew_line(canvas, line, _stretched(points, cut, identity.length), cloths, cover)
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


def extent(identity: Identity) -> Window:
    """The window (left, top, right, bottom) in body units that holds the whole garment."""
    cut = identity.cut
    points = [p for part in _parts(cut, identity, worn=False) for p in _both(part.points, part.symmetry)]
    points += [p for line in cut.lines for p in _both(line.points, line.symmetry)]
    ends = np.array([point[:2] for point in _stretched(points, cut, identity.length)])
    (left, top), (right, bottom) = ends.min(axis=0) - 0.08, ends.max(axis=0) + 0.08
    return float(left), float(top), float(right), float(bottom)


def _parts(cut: Cut, identity: Identity, worn: bool) -> Iterator[Part]:
    """From the back to the front."""
    sleeve, neckline = identity.attributes.sleeve, identity.attributes.neckline
    neck = NECKLINES[neckline] if neckline else ()
    if neck and not worn:
        yield Part(
            ((0, -0.02), (neck[-1][0], neck[-1][1] - 0.01), neck[-1], *reversed(neck[:-1])), cloth="lining"
        )
    yield from (part for part in cut.behind if not (worn and part.cloth == "lining"))
    yield from SLEEVES[sleeve] if sleeve else ()
    yield Part((*neck, *cut.body), cut.symmetry)
    yield from cut.front


def _as_stated(identity: Identity) -> Material:
    """The palette's colours in one of the six patterns."""
    a = identity.attributes
    colours = rgb(a.colour), rgb(a.second_colour)
    return Material(
        *colours, lambda size, unit, scale, rng: weave(a.pattern, colours, size, unit, scale, rng)
    )


def _cloths(
    canvas: Canvas, identity: Identity, material: Material, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What each kind of part is made of: colours (3,) or sheets (h, w, 3)."""
    a = identity.attributes
    main, second = material.main, material.second
    sheet = _sheet(canvas, identity, material, rng)
    metal = rgb("beige") if a.second_colour in ("white", "sky", "pink") else rgb("grey")
    return {
        "main": sheet,
        "second": second if a.pattern != "solid" or identity.cut.place != "worn" else main * 0.9,
        "lining": main * 0.5 + 0.06,
        "seam": main * 0.35,
        "metal": metal if float(np.abs(metal - main).sum()) > 0.3 else rgb("black"),
    }


def _sheet(canvas: Canvas, identity: Identity, material: Material, rng: np.random.Generator) -> np.ndarray:
    """Fabric (h, w, 3) on the canvas, woven only where the garment can be."""
    window = np.array(extent(identity)).reshape(2, 2)
    low, high = np.clip(canvas.pixels(window).round().astype(int), 0, canvas.size)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    fabric = material.weave(size, canvas.unit, float(rng.uniform(0.85, 1.25)), rng)
    sheet = np.zeros((*canvas.rgba.shape[:2], 3), dtype=np.float32)
    sheet[low[1] : high[1], low[0] : high[0]] = fabric * folds(
        size, canvas.unit, _FOLDS[identity.cut.place], rng
    )
    return sheet


def _sides(points: Points, symmetry: str) -> list[Points]:
    if symmetry == "join":
        return [mirrored(points)]
    reflected = [(-point[0], *point[1:]) for point in points]
    return [points, reflected] if symmetry == "pair" else [points]


def _both(points: Points, symmetry: str) -> list[tuple[float, ...]]:
    return [point for side in _sides(points, symmetry) for point in side]


def _stretched(points: Points, cut: Cut, length: float) -> Points:
    return [
        (point[0], cut.stretch + (point[1] - cut.stretch) * length, *point[2:])
        if point[1] > cut.stretch
        else point
        for point in points
    ]
