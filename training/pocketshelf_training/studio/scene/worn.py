"""Someone who wears an outfit: a figure whose arms move, dressed in garments of the collection."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pocketshelf_training.studio.drawing.outline import path
from pocketshelf_training.studio.drawing.palette import NEUTRALS, rgb
from pocketshelf_training.studio.garments.arms import ELBOW, SHOULDER, WRIST, Arms, draw_arms, swing
from pocketshelf_training.studio.garments.collection import Collection
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.tailor import Window, extent
from pocketshelf_training.studio.scene.figure import (
    FOOT,
    LEG,
    NECK,
    TRUNK,
    hair_behind,
    head,
    limb,
    person,
)
from pocketshelf_training.studio.scene.stage import Layer, Stage

__all__ = ["Outfit", "dress_up", "photographed", "wear"]

_LEGS = ("trousers", "shorts", "skirt")
_TUCKED, _BAG, _HAT = 0.3, 0.2, 0.12
# Where the bare part of an arm begins, as (upper arm, forearm) shares of their lengths, by sleeve.
_BARE = {"cap": (0.35, 0), "short": (0.7, 0), "three-quarter": (1, 0.3), "long": (1, 0.95)}

Item = tuple[int, Garment]


@dataclass(frozen=True)
class Outfit:
    """What someone wears: (number, garment) from the skin outwards, a hat and a bag, and how."""

    layers: tuple[Item, ...]
    hat: Item | None
    bag: Item | None
    arms: tuple[Arms, Arms]


def dress_up(collection: Collection, index: int, rng: np.random.Generator) -> Outfit:
    """An outfit around garment ``index``; what else there is comes from the same split."""

    def other(*groups: str) -> Item | None:
        number = collection.partner(index, groups, rng)
        return None if number is None else (number, collection.garment(number))

    own: Item = (index, collection.garment(index))
    group = own[1].form.group
    arms = draw_arms(rng)
    below = own if group in _LEGS else None if group == "dress" else other(*_LEGS)
    top = own if group in ("upper", "dress") else other("upper")
    layers = [top, below] if rng.random() < _TUCKED else [below, top]
    if group == "outerwear":
        layers = [below, top, own]
        arms = tuple(replace(arm, front=False) for arm in arms)  # type: ignore[assignment]
    hat = own if group == "hat" else other("hat") if rng.random() < _HAT else None
    bag = own if group == "bag" else other("bag") if rng.random() < _BAG else None
    posed = tuple((number, garment.posed(arms)) for number, garment in filter(None, layers))
    return Outfit(posed, hat, bag, arms)


def photographed(outfit: Outfit, index: int) -> Window:
    """The window of body units that holds garment ``index`` of the outfit."""
    if outfit.bag and outfit.bag[0] == index:
        left, top, right, bottom = np.array(extent(outfit.bag[1])) * 0.5
        x, y = _bag_at(outfit.arms)
        return x + left, y + top, x + right, y + bottom
    items = (*outfit.layers, *filter(None, (outfit.hat,)))
    return extent(next(garment for number, garment in items if number == index))


def wear(outfit: Outfit, stage: Stage, rng: np.random.Generator) -> Layer:
    """The figure in its outfit, as far as the stage's window shows it."""
    canvas, (skin, hair) = stage.canvas, person(rng)
    hair_behind(canvas, hair, rng)
    limb(canvas, NECK, skin)
    limb(canvas, TRUNK, rgb(str(rng.choice(NEUTRALS))))
    limb(canvas, LEG, skin, pair=True)
    limb(canvas, FOOT, rgb(str(rng.choice(NEUTRALS))), pair=True)
    for side, arm in zip((-1, 1), outfit.arms, strict=True):
        _arm(stage, arm, side, (0, 0), skin)
    for number, garment in outfit.layers:
        stage.wear(number, garment)
    sleeve = next((g.attributes.sleeve for _, g in reversed(outfit.layers) if g.attributes.sleeve), None)
    for side, arm in zip((-1, 1), outfit.arms, strict=True):
        if arm.front:
            _arm(stage, arm, side, _BARE.get(sleeve or "", (0.25, 0)), skin)
    if not any(g.attributes.neckline == "turtle" for _, g in outfit.layers):
        limb(canvas, (*NECK[:3], *path("0.1,0~ 0,0.06~")), skin)
    head(canvas, skin, hair)
    if outfit.hat:
        stage.wear(*outfit.hat)
    if outfit.bag:
        stage.carry(*outfit.bag, _bag_at(outfit.arms), 0.5)
    return stage.layer()


def _arm(stage: Stage, arm: Arms, side: int, start: tuple[float, float], skin: np.ndarray) -> None:
    """The arm from ``start`` (shares of the upper arm and of the forearm) to the hand."""
    upper = tuple(np.add(SHOULDER, np.subtract(ELBOW, SHOULDER) * start[0]))
    fore = tuple(np.add(ELBOW, np.subtract(WRIST, ELBOW) * start[1] + (0, 0.001)))
    # The wrist as the forearm's end; swing() turns what lies below the elbow.
    upper, elbow, fore, wrist = (swing([p], arm, side)[0] for p in (upper, ELBOW, fore, WRIST))
    canvas = stage.canvas
    if start[0] < 1:
        stage.lay(canvas.stroke((upper, elbow), 0.17), skin * 0.97)
    stage.lay(canvas.stroke((fore, wrist), 0.14), skin * 0.99)
    stage.lay(canvas.stroke((wrist,), 0.19), skin)


def _bag_at(arms: tuple[Arms, Arms]) -> tuple[float, float]:
    """From the left hand where it hangs, else at the hip, from the shoulder."""
    hand = swing([WRIST], arms[0], -1)[0]
    return (hand[0], hand[1] + 0.38) if not arms[0].front and hand[1] > 1.0 else (-0.55, 1.25)
