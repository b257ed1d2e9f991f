"""A flat picture photographed again: in perspective, among others, held, in glare. **Synthetic**."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pocketshelf_training.studio.scene.camera import expose, shake

__all__ = ["Corners", "homography", "laid_into", "rephotographed"]

# Upper left, upper right, lower right, lower left; pixels.
Corners = np.ndarray
TURN, TILT = 16.0, 0.2
SKIN = ((232, 190, 172), (198, 134, 66), (141, 85, 36), (255, 219, 172))


def homography(source: Corners, target: Corners) -> np.ndarray:
    """float64 (3, 3) that maps four points ``source`` (4, 2) to ``target`` (4, 2)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1.0).reshape(3, 3)


def laid_into(scene: Image.Image, picture: Image.Image, corners: Corners) -> np.ndarray:
    """Paste ``picture`` so that its corners lie at ``corners`` (4, 2); returns the mask uint8 (h, w)."""
    w, h = picture.size
    own = np.array([(0, 0), (w, 0), (w, h), (0, h)], float)
    # PIL asks where each pixel of the outcome comes from.
    back = (homography(np.asarray(corners, float), own)).ravel()[:8]
    shrink = max(1.0, float(np.sqrt(w * h / max(1.0, _area(corners)))))
    soft = picture.filter(ImageFilter.GaussianBlur(float(0.35 * (shrink - 1)))) if shrink > 1.3 else picture
    warp = (scene.size, Image.Transform.PERSPECTIVE, tuple(back), Image.Resampling.BICUBIC)
    mask = Image.new("L", picture.size, 255).transform(*warp)
    scene.paste(soft.transform(*warp), (0, 0), mask)
    return np.asarray(mask)


def rephotographed(
    picture: Image.Image,
    ground: Image.Image,
    neighbours: Sequence[Image.Image],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[Image.Image, Corners]:
    """One phone photo of ``picture``, and where its corners lie.

    Args:
        ground: what is behind it; filled up to ``size``.
        neighbours: prints beside it, as on a shelf; few or none.
        size: of the photo (width, height), in pixels.
    """
    scene = ground.convert("RGB").resize(size, Image.Resampling.BILINEAR)
    scene = scene.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3))))
    middle = _corners(picture.size, size, rng)
    step = (middle[1] - middle[0] + middle[2] - middle[3]) / 2
    for place, neighbour in zip((-1, 1, -2, 2), neighbours, strict=False):
        laid_into(scene, neighbour, middle + place * step * rng.uniform(1.02, 1.15))
    laid_into(scene, picture, middle)
    if rng.random() < 0.35:
        _thumb(scene, middle, rng)
    if rng.random() < 0.45:
        scene = _glare(scene, middle, rng)
    if rng.random() < 0.15:
        scene = scene.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.8, 1.8))))
    return expose(shake(scene, rng), rng), middle


def _area(corners: Corners) -> float:
    x, y = np.asarray(corners, float).T
    return 0.5 * abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1)))


def _corners(own: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> Corners:
    """Where the corners come to lie: turned, tilted, some way out of the middle, seldom cut by the frame."""
    share = rng.uniform(0.4, 0.98)
    scale = share * min(size[0] / own[0], size[1] / own[1])
    half = np.array(own, float) * scale / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float) * half
    # Tilted: farther sides are shorter, as a pinhole camera sees a plane.
    tilt = rng.uniform(-TILT, TILT, 2) * 2
    depth = 1 + (corners / half) @ tilt / 2
    corners = corners / depth[:, None]
    angle = np.deg2rad(rng.normal(0, TURN / 2) if rng.random() < 0.9 else rng.uniform(-180, 180))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    free = np.maximum(0, np.array(size) - 2 * half) / 2
    return corners @ turn.T + np.array(size) / 2 + rng.uniform(-1, 1, 2) * free * 0.9


def _thumb(scene: Image.Image, corners: Corners, rng: np.random.Generator) -> None:
    """A finger over an edge."""
    first = int(rng.integers(4))
    edge = corners[(first + 1) % 4] - corners[first]
    root = corners[first] + rng.uniform(0.2, 0.8) * edge
    inward = corners.mean(axis=0) - root
    tip, thick = (
        root + inward * rng.uniform(0.15, 0.45),
        float(np.linalg.norm(edge)) * rng.uniform(0.06, 0.12),
    )
    skin = SKIN[int(rng.integers(len(SKIN)))]
    draw = ImageDraw.Draw(scene)
    draw.line([tuple(root - inward * 0.6), tuple(tip)], fill=skin, width=max(2, int(2 * thick)))
    draw.ellipse([*(tip - thick), *(tip + thick)], fill=skin)


def _glare(scene: Image.Image, corners: Corners, rng: np.random.Generator) -> Image.Image:
    """A lamp's reflection on the print."""
    light = Image.new("L", scene.size)
    centre = corners.mean(axis=0) + rng.uniform(-0.4, 0.4, 2) * np.ptp(corners, axis=0)
    radii = np.ptp(corners, axis=0) * rng.uniform(0.08, 0.3, 2)
    ImageDraw.Draw(light).ellipse([*(centre - radii), *(centre + radii)], fill=int(rng.uniform(140, 255)))
    light = light.filter(ImageFilter.GaussianBlur(float(radii.min() * rng.uniform(0.3, 0.9))))
    return Image.composite(Image.new("RGB", scene.size, (255, 252, 240)), scene, light)
