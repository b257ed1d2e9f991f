"""A garment's pictures: the shop's, on white, and photos of it worn, hanging, lying, folded or standing."""

from __future__ import annotations

from functools import partial

import numpy as np

from pocketshelf_training.studio.drawing.warp import Warp, draw_warp
from pocketshelf_training.studio.garments.collection import Collection
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.tailor import Window, extent
from pocketshelf_training.studio.scene.compose import (
    FRAMES,
    LONGEST,
    MARGIN,
    Shot,
    compose,
    on_white,
    retaken,
)
from pocketshelf_training.studio.scene.grounds import Grounds
from pocketshelf_training.studio.scene.laid import flat, fold, hung
from pocketshelf_training.studio.scene.stage import Layer, Stage
from pocketshelf_training.studio.scene.worn import dress_up, photographed, wear

__all__ = ["shop_shot", "street_shot"]

# Room around the frame on the figure's sheet: turned, the frame sees more of it.
_ROOM = 0.16

_KINDS = {"worn": 0.6, "hanging": 0.15, "lying": 0.13, "folded": 0.12}
_NEIGHBOUR = 0.3
_NEIGHBOURS = ("upper", "outerwear", "dress", "trousers", "skirt", "shorts")

Rng = np.random.Generator
Size = tuple[int, int]


def shop_shot(collection: Collection, index: int) -> Shot:
    """The garment laid flat, frontal, on white, with a soft shadow; square."""
    garment = collection.garment(index)
    unit = _fitting(extent(garment), (LONGEST, LONGEST), 1 - 2 * MARGIN)
    return on_white(flat(index, garment, unit), shadow=True)


def street_shot(collection: Collection, index: int, number: int, grounds: Grounds) -> Shot:
    """Photo ``number`` of garment ``index``: another number is another occasion.

    A photo that hardly shows its garment is taken again.
    """
    take = partial(_photo, collection, index, grounds)
    shot, well = retaken(take, index, (collection.seed, index, 2, number))
    if not well:
        shot.instances = [one for one in shot.instances if one.number == index]
    return shot


def _photo(collection: Collection, index: int, grounds: Grounds, rng: Rng) -> Shot:
    frame = FRAMES[int(rng.integers(len(FRAMES)))]
    kind = _kind(collection.garment(index), rng)
    ground = grounds.draw(frame, rng)
    worn = kind == "worn"
    layers = _worn(collection, index, frame, rng) if worn else _laid(collection, index, kind, frame, rng)
    return compose(ground, layers, rng, index, kind)


def _kind(garment: Garment, rng: Rng) -> str:
    if garment.form.place == "stand":
        return "worn" if garment.form.group == "bag" and rng.random() < 0.5 else "standing"
    if garment.form.place == "head":
        return "worn" if rng.random() < 0.7 else "lying"
    return str(rng.choice(list(_KINDS), p=list(_KINDS.values())))


def _fitting(window: Window, frame: Size, share: float) -> float:
    """Pixels of a body unit with which ``window`` takes ``share`` of the frame."""
    left, top, right, bottom = window
    return share * min(frame[0] / (right - left), frame[1] / (bottom - top))


def _worn(collection: Collection, index: int, frame: Size, rng: Rng) -> list[tuple[Layer, Warp]]:
    outfit = dress_up(collection, index, rng)
    about = photographed(outfit, index)
    unit = _fitting(about, frame, float(rng.uniform(0.45, 0.9)))
    middle = np.array(((about[0] + about[2]) / 2, (about[1] + about[3]) / 2))
    middle += rng.uniform(-0.06, 0.06, 2) * np.array(frame) / unit
    half = np.array(frame) / unit * (0.5 + _ROOM)
    stage = Stage((*(middle - half), *(middle + half)), unit)  # type: ignore[arg-type]
    layer = wear(outfit, stage, rng)
    return [(layer, _warp(layer, frame, (0.5, 0.5), rng, turn=0.1))]


def _laid(collection: Collection, index: int, kind: str, frame: Size, rng: Rng) -> list[tuple[Layer, Warp]]:
    """The garment alone, or beside or over another one."""
    share = float(rng.uniform(0.5, 0.85))
    turn = {"hanging": 0.06, "standing": 0.08}.get(kind, 0.3)
    neighbour = None
    if kind != "standing" and rng.random() < _NEIGHBOUR:
        neighbour = collection.partner(index, _NEIGHBOURS, rng)
    places = [(index, (0.5, 0.5))]
    if neighbour is not None:
        side = float(rng.choice([-1, 1]))
        places = [(neighbour, (0.5 + 0.22 * side, 0.52)), (index, (0.5 - 0.16 * side, 0.5))]
        share *= 0.8
    found = []
    for number, place in places:
        layer = _one_laid(collection, number, kind, frame, share, rng)
        found.append((layer, _warp(layer, frame, place, rng, turn)))
    return found


def _one_laid(collection: Collection, number: int, kind: str, frame: Size, share: float, rng: Rng) -> Layer:
    garment = collection.garment(number)
    unit = _fitting(extent(garment), frame, share)
    if kind == "hanging":
        return hung(number, garment, unit)
    layer = flat(number, garment, unit * (1.2 if kind == "folded" else 1.0))
    return fold(layer, rng) if kind == "folded" and garment.form.place == "worn" else layer


def _warp(layer: Layer, frame: Size, place: tuple[float, float], rng: Rng, turn: float) -> Warp:
    return draw_warp(layer.image.size, frame, place + rng.uniform(-0.05, 0.05, 2), rng, turn)
