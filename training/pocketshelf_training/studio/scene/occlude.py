"""What comes between a garment and the camera: someone's arm, a bag, leaves."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.outline import (
    curve,
    mirrored,
    path,
    polygon_patch,
    rotation,
    stroke_patch,
)
from pocketshelf_training.studio.drawing.palette import CLOTH, SKIN

__all__ = ["occlude"]


def occlude(scene: Image.Image, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put something before the garment that ``mask`` (h, w) shows; ``scene`` is changed.

    Returns:
        What it covers, float32 (h, w).
    """
    hidden, box = np.zeros(mask.shape, np.float32), Image.fromarray(mask).getbbox()
    if box is None:
        return hidden
    kind = (_arm, _bag, _leaves)[int(rng.integers(3))]
    for points, width, colour in kind(np.array(box, float), scene.size, rng):
        patch = stroke_patch(points, width, scene.size) if width else polygon_patch(points, scene.size)
        if not patch.cover.size:
            continue
        cover = Image.fromarray((patch.cover * 255).astype(np.uint8))
        scene.paste(tuple(int(v) for v in colour), (patch.columns.start, patch.rows.start), cover)
        hidden[patch.at] = np.maximum(hidden[patch.at], patch.cover)
    return hidden


Stroke = tuple[np.ndarray, float, tuple[float, ...]]


def _cloth(rng: np.random.Generator) -> np.ndarray:
    return np.array(list(CLOTH.values())[int(rng.integers(len(CLOTH)))]) * rng.uniform(0.6, 0.95)


def _arm(box: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> list[Stroke]:
    """From a side or from below to about the garment's middle; half of them in a sleeve."""
    w, h = box[2:] - box[:2]
    hand = box[:2] + (w, h) * rng.uniform(0.25, 0.75, 2)
    start = np.array((size[0] * float(rng.choice([-0.1, 1.1])), rng.uniform(hand[1], size[1] * 1.1)))
    width = float(np.clip(0.16 * max(w, h), 10, 46)) * float(rng.uniform(0.8, 1.3))
    skin = np.array(SKIN[int(rng.integers(len(SKIN)))]) * rng.uniform(0.8, 1)
    strokes: list[Stroke] = [(np.array([start, hand]), width, tuple(skin))]
    if rng.random() < 0.6:
        strokes.append((np.array([start, start + (hand - start) * 0.72]), width * 1.25, tuple(_cloth(rng))))
    return [*strokes, (np.array([hand, hand]), width * 1.25, tuple(skin * 0.97))]


def _bag(box: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> list[Stroke]:
    """At a lower corner, with its strap over the garment."""
    w, h = box[2:] - box[:2]
    side = float(rng.choice([0, 1]))
    x, y = box[0] + w * (0.1 + 0.8 * side), box[1] + h * float(rng.uniform(0.55, 0.9))
    wide, high = w * float(rng.uniform(0.3, 0.5)), h * float(rng.uniform(0.2, 0.35))
    colour = tuple(_cloth(rng))
    outline = [(x - wide / 2, y), (x + wide / 2, y), (x + wide * 0.55, y + high), (x - wide * 0.55, y + high)]
    far = box[0] + w * (0.8 - 0.6 * side) if rng.random() < 0.4 else x
    strap = np.array([(x, y), (far, box[1] - 4.0)])
    return [(strap, max(3.0, w * 0.035), colour), (np.array(outline), 0, colour)]


def _leaves(box: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> list[Stroke]:
    leaf = curve(mirrored(path("0,0 0.16,0.4~ 0,1")))
    w, h = box[2:] - box[:2]
    tip = box[:2] + np.array((w * rng.choice([0.15, 0.85]), h * rng.uniform(0.4, 0.8)))
    length = max(30.0, h * 0.5)
    strokes: list[Stroke] = []
    for lean in (-0.6, -0.15, 0.35):
        colour = (50 + float(rng.uniform(0, 30)), 110 + float(rng.uniform(0, 40)), 60.0)
        strokes.append((leaf @ rotation(lean) * length + tip, 0, colour))
    return strokes
