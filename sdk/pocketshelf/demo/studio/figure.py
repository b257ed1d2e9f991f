"""A simple figure that wears a garment, and what else it wears; or the stand that carries one."""

from __future__ import annotations

import numpy as np

from pocketshelf.demo.studio.canvas import Canvas
from pocketshelf.demo.studio.identity import Attributes, Identity
from pocketshelf.demo.studio.outline import SMOOTH as S
from pocketshelf.demo.studio.outline import Points, mirrored
from pocketshelf.demo.studio.palette import NEUTRALS, SKIN, rgb
from pocketshelf.demo.studio.tailor import Window, extent, sew

__all__ = ["BODY", "FOOT", "LEG", "NECK", "TRUNK", "hair_behind", "head", "limb", "person", "stage"]

BODY: Window = (-1.05, -1.15, 1.05, 3.3)
_BUST: Window = (-0.85, -1.2, 0.85, 0.75)

_HAIR: tuple[tuple[int, int, int], ...] = (
    (40, 28, 24),
    (92, 58, 34),
    (168, 122, 66),
    (58, 58, 62),
    (140, 60, 34),
)
NECK: Points = ((0, -0.3), (0.1, -0.28), (0.11, -0.06, S), (0.2, 0.02), (0, 0.2))
_HEAD: Points = ((0, -0.72, S), (0.2, -0.62, S), (0.215, -0.42, S), (0.13, -0.2, S), (0, -0.14, S))
_HAIR_CAP: Points = (
    (0, -0.79, S),
    (0.22, -0.7, S),
    (0.26, -0.4, S),
    (0.2, -0.34),
    (0.17, -0.56, S),
    (0, -0.6, S),
)
_LONG_HAIR: Points = ((0, -0.79, S), (0.26, -0.68, S), (0.3, -0.2, S), (0.28, 0.1, S), (0, 0.12, S))
TRUNK: Points = (
    (0.1, 0),
    (0.36, 0.04, S),
    (0.47, 0.12, S),
    (0.4, 0.5, S),
    (0.34, 0.95, S),
    (0.42, 1.4, S),
    (0.4, 1.7),
    (0, 1.7),
)
_ARM: Points = (
    (0.4, 0.08),
    (0.5, 0.12, S),
    (0.63, 0.75, S),
    (0.73, 1.34, S),
    (0.71, 1.52, S),
    (0.63, 1.36, S),
    (0.53, 0.8, S),
    (0.38, 0.4),
)
LEG: Points = ((0.03, 1.5), (0.41, 1.5, S), (0.36, 2.2, S), (0.3, 3.02), (0.17, 3.02), (0.12, 2.2, S))
FOOT: Points = ((0.15, 2.98), (0.31, 2.98, S), (0.4, 3.16, S), (0.34, 3.22, S), (0.16, 3.2, S))

_FILLER_TOPS = (("T-shirt", "short", "crew"), ("top", "long", "crew"), ("top", "long", "turtle"))
_FILLER_BOTTOMS = ("trousers", "wide trousers", "pencil skirt")


def stage(identity: Identity, unit: float, rng: np.random.Generator) -> tuple[Canvas, np.ndarray]:
    """The garment where one meets it: worn, on a head, on a hanger or on a stand.

    Returns:
        The canvas and the garment's own coverage (h, w) on it.
    """
    if identity.cut.place == "stand":
        return _alone(identity, unit)
    if identity.cut.place == "head":
        return _on_head(identity, unit * 1.7, rng)
    if identity.cut.group in ("upper", "outerwear", "dress") and rng.random() < 0.25:
        return _on_hanger(identity, unit)
    return _worn(identity, unit, rng)


def _alone(identity: Identity, unit: float) -> tuple[Canvas, np.ndarray]:
    canvas = Canvas(extent(identity), unit * 2)
    return canvas, sew(canvas, identity)


def _on_hanger(identity: Identity, unit: float) -> tuple[Canvas, np.ndarray]:
    left, top, right, bottom = extent(identity)
    canvas = Canvas((left, min(top, -0.45), right, bottom), unit * 1.3)
    steel, wood = rgb("grey") * 0.8, rgb("brown")
    hook: Points = ((0.0, -0.02), (0.0, -0.16, S), (0.09, -0.24, S), (0.04, -0.36, S), (-0.06, -0.3))
    canvas.lay(canvas.stroke(hook, 0.03), steel)
    bar = canvas.stroke(((-0.42, 0.1), (-0.2, 0.02, S), (0, -0.03, S), (0.2, 0.02, S), (0.42, 0.1)), 0.06)
    canvas.lay(bar, wood * canvas.relief(bar))
    return canvas, sew(canvas, identity)


def _on_head(identity: Identity, unit: float, rng: np.random.Generator) -> tuple[Canvas, np.ndarray]:
    canvas = Canvas(_BUST, unit)
    skin, hair = person(rng)
    hair_behind(canvas, hair, rng)
    sew(canvas, _filler(*_FILLER_TOPS[int(rng.integers(3))], rng), worn=True)
    limb(canvas, NECK, skin * 0.94)
    head(canvas, skin, hair)
    return canvas, sew(canvas, identity)


def _worn(identity: Identity, unit: float, rng: np.random.Generator) -> tuple[Canvas, np.ndarray]:
    canvas = Canvas(BODY, unit)
    skin, hair = person(rng)
    hair_behind(canvas, hair, rng)
    for points in (NECK, TRUNK):
        limb(canvas, points, skin)
    for points in (_ARM, LEG):
        limb(canvas, points, skin, pair=True)
    limb(canvas, FOOT, rgb(str(rng.choice(NEUTRALS))), pair=True)
    below, above = _fillers(identity, rng)
    for filler in below:
        sew(canvas, filler, worn=True)
    cover = sew(canvas, identity, worn=True)
    for filler in above:
        cover = cover * (1 - sew(canvas, filler, worn=True))
    if identity.attributes.neckline != "turtle":
        limb(canvas, (*NECK[:3], (0.1, 0.0, S), (0, 0.06, S)), skin)
    head(canvas, skin, hair)
    return canvas, cover


def _fillers(identity: Identity, rng: np.random.Generator) -> tuple[list[Identity], list[Identity]]:
    """Plain garments that complete the outfit: those under the garment, and those over it."""
    top = _filler(*_FILLER_TOPS[int(rng.integers(3))], rng)
    bottom = _filler(str(rng.choice(_FILLER_BOTTOMS)), None, None, rng)
    dressing: dict[str, tuple[list[Identity], list[Identity]]] = {
        "upper": ([bottom], []),
        "outerwear": ([bottom, top], []),
        "dress": ([], []),
    }
    return dressing.get(identity.cut.group, ([top], []))


def _filler(cut_name: str, sleeve: str | None, neckline: str | None, rng: np.random.Generator) -> Identity:
    colour = str(rng.choice(NEUTRALS))
    attributes = Attributes(colour, colour, "solid", sleeve, neckline)
    return Identity("", cut_name, attributes, 1.0, int(rng.integers(1 << 30)))


def person(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The colours of someone's skin and hair."""
    return rgb(SKIN[int(rng.integers(len(SKIN)))]), rgb(_HAIR[int(rng.integers(len(_HAIR)))])


def hair_behind(canvas: Canvas, hair: np.ndarray, rng: np.random.Generator) -> None:
    """Long hair, for half of the people; to be laid first."""
    if rng.random() < 0.5:
        limb(canvas, _LONG_HAIR, hair * 0.9)


def head(canvas: Canvas, skin: np.ndarray, hair: np.ndarray) -> None:
    """Head, face and hair, without the neck."""
    limb(canvas, _HEAD, skin)
    for x in (-0.085, 0.085):
        canvas.lay(canvas.stroke(((x, -0.43),), 0.035), rgb("black"))
    canvas.lay(canvas.stroke(((-0.06, -0.27), (0, -0.25, S), (0.06, -0.27)), 0.02), skin * 0.6)
    limb(canvas, _HAIR_CAP, hair)


def limb(canvas: Canvas, half: Points, colour: np.ndarray, pair: bool = False) -> None:
    """A rounded part of the body; ``half`` is its right side, or (``pair``) the right one of two."""
    reflected = [(-point[0], *point[1:]) for point in half]
    shapes: list[Points] = [half, reflected] if pair else [mirrored(half)]
    for points in shapes:
        patch = canvas.area(points)
        canvas.lay(patch, colour * canvas.relief(patch))
