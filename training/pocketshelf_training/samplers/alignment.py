"""How a garment is brought into the frame: not at all, by its box, turned upright, or onto its landmarks.

Each alignment is a map from the photo to the piece that the network sees. Where a picture lacks what an
alignment needs, the next simpler one is taken: landmarks, rotation, box, the whole frame. Landmarks are
those of the data, so a figure with them says what alignment is worth when it is right.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from pocketshelf.stages.preprocess import crop_box
from pocketshelf_training.data.protocol import Sample

__all__ = ["ALIGNMENTS", "Template", "affine_of", "similarity", "templates"]

ALIGNMENTS = ("none", "box", "rotation", "landmarks")
# As the SDK crops: see `pocketshelf.Preprocessing`.
MARGIN, MAX_ASPECT = 0.05, 4 / 3
# Fewer points, or points nearly on one spot, say nothing of turn and size.
FEWEST_LANDMARKS = 3
# Landmark → place as shares of the garment's box.
Template = Mapping[str, tuple[float, float]]


def templates(samples: list[Sample]) -> dict[str, Template]:
    """Each category's mean landmarks over its shop pictures, where garments lie straight."""
    seen: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        if sample.domain == "shop" and sample.category and len(sample.boxes) == 1:
            x, y, w, h = sample.boxes[0][1]
            for name, (px, py, _) in sample.landmarks.items():
                seen[sample.category][name].append(((px - x) / w, (py - y) / h))
    return {
        category: {
            name: (float(np.mean([p[0] for p in ps])), float(np.mean([p[1] for p in ps])))
            for name, ps in marks.items()
        }
        for category, marks in seen.items()
    }


def affine_of(
    sample: Sample, frame: tuple[int, int], size: int, alignment: str, known: Mapping[str, Template]
) -> np.ndarray:
    """The map (2, 3) from pixels of the photo to pixels of a square piece.

    Args:
        frame: the photo's width and height.
        size: the piece's side.
        alignment: one of `ALIGNMENTS`.
        known: see `templates`.
    """
    width, height = frame
    if alignment == "none" or len(sample.boxes) != 1:
        return _stretch((0.0, 0.0, float(width), float(height)), size)
    box = sample.boxes[0][1]
    if alignment == "landmarks":
        found = _onto_template(sample, known.get(sample.category or "", {}), box, size)
        if found is not None:
            return found
    if alignment in ("rotation", "landmarks"):
        angle = _lean(sample)
        if angle is not None:
            return _turned(box, angle, size)
    return _stretch(crop_box(box, frame, MARGIN, MAX_ASPECT), size)


def _stretch(box: tuple[float, float, float, float], size: int) -> np.ndarray:
    x, y, w, h = box
    return np.array([[size / w, 0, -x * size / w], [0, size / h, -y * size / h]])


def _lean(sample: Sample) -> float | None:
    """The angle (radians) by which left-to-right pairs of visible landmarks lean, None without a pair."""
    total = np.zeros(2)
    for name, (x, y, visible) in sample.landmarks.items():
        other = sample.landmarks.get(name.replace("left", "right"))
        if "left" in name and visible and other is not None and other[2]:
            total += np.array([other[0] - x, other[1] - y])
    return math.atan2(total[1], total[0]) if np.hypot(*total) > 1e-6 else None


def _turned(box: tuple[float, float, float, float], angle: float, size: int) -> np.ndarray:
    """Turn about the box's middle by −``angle``, then take the square around the turned box."""
    x, y, w, h = box
    c, s = math.cos(-angle), math.sin(-angle)
    half = (1 + 2 * MARGIN) / 2 * max(abs(c) * w + abs(s) * h, abs(s) * w + abs(c) * h)
    # The turned garment fills less than its turned box, which is the box of a box.
    half = min(half, (1 + 2 * MARGIN) / 2 * max(w, h))
    turn = np.array([[c, -s], [s, c]]) * size / (2 * half)
    middle = np.array([x + w / 2, y + h / 2])
    return np.column_stack([turn, size / 2 - turn @ middle])


def _onto_template(
    sample: Sample, template: Template, box: tuple[float, float, float, float], size: int
) -> np.ndarray | None:
    names = [n for n, (_, _, visible) in sample.landmarks.items() if visible and n in template]
    if len(names) < FEWEST_LANDMARKS:
        return None
    here = np.array([sample.landmarks[name][:2] for name in names])
    # The template's box keeps this garment's own proportions, in the middle of the piece.
    _, _, w, h = box
    side = size / (1 + 2 * MARGIN)
    extent = side * np.array([w, h]) / max(w, h)
    there = (np.array([template[name] for name in names]) - 0.5) * extent + size / 2
    return similarity(here, there)


def similarity(here: np.ndarray, there: np.ndarray) -> np.ndarray | None:
    """Turn, size and shift (2, 3) that bring points (n, 2) nearest to others (n, 2) in least squares.

    Umeyama, "Least-squares estimation of transformation parameters", PAMI 1991, without reflections.
    None where the points lie on one spot.
    """
    a, b = here - here.mean(0), there - there.mean(0)
    spread = (a**2).sum()
    if spread < 1e-6:
        return None
    u, d, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    turn = (u * sign) @ vt * (d * sign).sum() / spread
    return np.column_stack([turn, there.mean(0) - turn @ here.mean(0)])
