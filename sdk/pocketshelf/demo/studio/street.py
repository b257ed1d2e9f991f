"""A street photo of a garment: someone wears it, or it hangs or stands somewhere."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pocketshelf.demo.studio.backdrop import backdrop
from pocketshelf.demo.studio.camera import expose, pose
from pocketshelf.demo.studio.figure import stage
from pocketshelf.demo.studio.identity import Identity
from pocketshelf.demo.studio.outline import SMOOTH as S
from pocketshelf.demo.studio.outline import curve, mirrored, polygon_patch
from pocketshelf.demo.studio.palette import CLOTH
from pocketshelf.demo.studio.picture import Box, Picture, covered_box

__all__ = ["street_picture"]

_SIZE = (480, 640)
_UNIT = 150.0
_OCCLUDED_SHARE = 0.4  # of the photos, by at most about a fifth of the garment's width.


def street_picture(identity: Identity, seed: int) -> Picture:
    """One photo of ``identity``; another ``seed`` is another person, place and camera.

    The box is of the garment's visible extent before something is held in front of it.
    """
    rng = np.random.default_rng([seed, identity.seed, 3])
    canvas, cover = stage(identity, _UNIT, rng)
    garment = Image.fromarray((np.clip(cover, 0, 1) * 255).astype(np.uint8))
    centre, scale = _placement(cover, rng)
    posed, mask = pose([canvas.image(), garment], _SIZE, centre, scale, rng)
    box = covered_box(np.asarray(mask, dtype=np.float32) / 255)
    scene = backdrop(_SIZE, rng)
    scene.paste((30, 30, 34), (6, 10), posed.getchannel("A").point(lambda alpha: alpha // 4))
    scene.paste(posed, (0, 0), posed)
    if rng.random() < _OCCLUDED_SHARE:
        _occlude(scene, box, rng)
    return Picture(identity, expose(scene, rng), box, "street")


def _placement(cover: np.ndarray, rng: np.random.Generator) -> tuple[tuple[float, float], float]:
    """Where the layer's middle goes, and its scale, so that the garment is well in the frame."""
    left, top, width, height = covered_box(cover)
    share = rng.uniform(0.42, 0.72)
    scale = min(share * _SIZE[0] / width, share * _SIZE[1] / height)
    scale = max(scale, _SIZE[1] * 0.8 / cover.shape[0]) if cover.shape[0] > 3 * _UNIT else scale
    offset_x = (left + width / 2 - cover.shape[1] / 2) * scale
    offset_y = (top + height / 2 - cover.shape[0] / 2) * scale
    x = _SIZE[0] * rng.uniform(0.42, 0.58) - offset_x
    y = _SIZE[1] * rng.uniform(0.44, 0.56) - offset_y
    return (float(x), float(y)), float(scale)


def _occlude(scene: Image.Image, box: Box, rng: np.random.Generator) -> None:
    """A leaf of a plant, a post or someone's shoulder reaches over an edge of the garment."""
    x, y, w, h = box
    colour = list(CLOTH.values())[int(rng.integers(len(CLOTH)))]
    tint = tuple(round(value * 0.75) for value in colour)
    side = -1 if rng.random() < 0.5 else 1
    edge = x if side < 0 else x + w
    reach = w * float(rng.uniform(0.08, 0.2))
    if rng.random() < 0.5:
        _plant(scene, (edge - side * reach, y + h * float(rng.uniform(0.5, 0.9))), h * 0.5, rng)
    else:
        far = -40.0 if side < 0 else scene.width + 40.0
        top = y + h * float(rng.uniform(0.3, 0.8))
        shoulder = (
            (far, top - 40),
            (edge - side * reach * 0.4, top, S),
            (edge - side * reach, top + 90, S),
            (edge, scene.height + 9.0),
            (far, scene.height + 9.0),
        )
        _fill(scene, curve(shoulder), tint)


def _plant(scene: Image.Image, tip: tuple[float, float], length: float, rng: np.random.Generator) -> None:
    leaf = np.array(curve(mirrored(((0, 0), (0.16, 0.4, S), (0, 1)))))
    for lean in (-0.6, -0.15, 0.35):
        turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
        green = (50 + int(rng.integers(30)), 110 + int(rng.integers(40)), 60)
        _fill(scene, leaf @ turn * max(length, 60.0) + np.array(tip), green)


def _fill(scene: Image.Image, outline: np.ndarray, colour: tuple[int, ...]) -> None:
    patch = polygon_patch(outline, scene.size)
    if patch.cover.size:
        mask = Image.fromarray((patch.cover * 255).astype(np.uint8))
        scene.paste(colour, (patch.columns.start, patch.rows.start), mask)
