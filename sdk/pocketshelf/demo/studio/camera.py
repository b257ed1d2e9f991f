"""What stands between a garment and a phone photo of it: pose, angle, light, colour cast, blur, noise."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

__all__ = ["expose", "pose"]

_CELLS = 10
_TURN = np.deg2rad(13)


def pose(
    layers: list[Image.Image],
    size: tuple[int, int],
    centre: tuple[float, float],
    scale: float,
    rng: np.random.Generator,
) -> list[Image.Image]:
    """Lay ``layers`` into a frame, all bent, turned (up to 13°) and seen at an angle alike.

    Args:
        layers: images of one size.
        size: (width, height) of the frame.
        centre: where the layers' middle comes to lie, in pixels of the frame.
        scale: pixels of the frame for a pixel of a layer.
    """
    xs, ys = (np.linspace(0, side, _CELLS + 1).round() for side in size)
    nodes = np.stack(np.meshgrid(xs, ys), axis=-1)
    height = layers[0].height
    seen = _seen_at((nodes - np.array(centre)) / (scale * height), rng)
    source = seen * height + np.array(layers[0].size) / 2
    mesh = [_cell(nodes, source, row, column) for row in range(_CELLS) for column in range(_CELLS)]
    return [layer.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR) for layer in layers]


def _seen_at(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From the frame back to the layer, both centred and in units of the layer's height."""
    turn = float(rng.uniform(-_TURN, _TURN))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = points @ rotation
    turned = turned * (1 + turned @ rng.uniform(-0.22, 0.22, (2, 1)))
    sway, phase = rng.uniform(0, 0.025), rng.uniform(0, 2 * np.pi)
    bend = sway * np.sin(2 * np.pi * 1.3 * turned[..., 1] + phase)
    turned[..., 0] = turned[..., 0] * rng.uniform(0.98, 1.22) + bend  # Turned away, it is narrower.
    return turned


def _cell(
    nodes: np.ndarray, source: np.ndarray, row: int, column: int
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """One target box and the corners (upper left, lower left, lower right, upper right) it shows."""
    target = (*nodes[row, column], *nodes[row + 1, column + 1])
    order = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
    return tuple(int(v) for v in target), tuple(float(v) for at in order for v in source[at])


def expose(scene: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The scene as a phone's camera took it: exposure, side light, white balance, blur and noise."""
    pixels = np.asarray(scene, dtype=np.float32) / 255
    gain = rng.uniform(0.72, 1.15) * rng.uniform((0.9, 0.95, 0.84), (1.12, 1.05, 1.12))
    light = Image.fromarray(rng.uniform(0.78, 1.12, (2, 2)).astype(np.float32))
    side_light = np.asarray(light.resize(scene.size, Image.Resampling.BILINEAR))[..., None]
    taken = np.clip(pixels * gain.astype(np.float32) * side_light, 0, 1) ** np.float32(
        rng.uniform(0.85, 1.15)
    )
    blurred = Image.fromarray((taken * 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(float(rng.choice([0.3, 0.6, 1.0, 1.6])))
    )
    noise = rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(1.5, 6))
    return Image.fromarray(np.clip(np.asarray(blurred) + noise, 0, 255).astype(np.uint8))
