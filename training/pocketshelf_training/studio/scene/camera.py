"""What stands between a scene and a phone photo of it: a moving hand, light, colour cast, blur, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

__all__ = ["expose", "shake", "side_light"]

_SHAKEN = 0.12


def shake(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sometimes blurred along a direction, as by a hand that moved."""
    if rng.random() >= _SHAKEN:
        return scene
    dx, dy = rng.uniform(-3.5, 3.5, 2)
    pixels = np.asarray(scene, np.float32)
    moved = [np.roll(pixels, (round(dy * t), round(dx * t)), (0, 1)) for t in (-1, -0.5, 0, 0.5, 1)]
    return Image.fromarray(np.mean(moved, axis=0).astype(np.uint8))


def side_light(size: tuple[int, int], strength: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """A slow gradient of light (h, w, 1) between four corners whose ``strength`` is drawn in a range."""
    corners = Image.fromarray(rng.uniform(*strength, (2, 2)).astype(np.float32))
    return np.asarray(corners.resize(size, Image.Resampling.BILINEAR))[..., None]


def expose(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The scene as a phone's camera took it: exposure, side light, white balance, blur and noise."""
    pixels = np.asarray(scene, dtype=np.float32) / 255
    gain = rng.uniform(0.72, 1.15) * rng.uniform((0.9, 0.95, 0.84), (1.12, 1.05, 1.12))
    lit = pixels * gain.astype(np.float32) * side_light(scene.size, (0.78, 1.12), rng)
    taken = np.clip(lit, 0, 1) ** np.float32(rng.uniform(0.85, 1.15))
    blurred = Image.fromarray((taken * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(float(rng.choice([0.3, 0.6, 1.0, 1.6])))
    )
    noise = rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(1.5, 6))
    return Image.fromarray(np.clip(np.asarray(blurred) + noise, 0, 255).astype(np.uint8))
