"""From a sheet into a photo's frame: turned, seen at an angle, bent; and the same for points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.outline import rotation

__all__ = ["Warp", "draw_warp"]

_CELLS = 8
_ROUNDS = 14  # of the fixed point; each leaves at most a third of the error


@dataclass(frozen=True)
class Warp:
    """Where a pixel of the frame lies on the sheet.

    Attributes:
        frame: (width, height).
        to, at: where in the frame (x, y) the sheet's point ``at`` comes to lie.
        turn: radians.
        tilt: foreshortening along x and y.
        narrow: how much narrower it is, turned away.
        bends: (amplitude as share of the frame's height, waves, phase, axis 0 or 1) of each bend.
    """

    frame: tuple[int, int]
    to: np.ndarray
    at: np.ndarray
    turn: float
    tilt: np.ndarray
    narrow: float
    bends: tuple[tuple[float, float, float, int], ...]

    def back(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 2) of the frame on the sheet."""
        height = self.frame[1]
        turned = ((points - self.to) / height) @ rotation(-self.turn)
        turned = turned * (1 + turned @ self.tilt.reshape(2, 1))
        moved = turned * (self.narrow, 1.0)
        for amplitude, waves, phase, axis in self.bends:
            moved[..., axis] += amplitude * (
                np.sin(2 * np.pi * waves * turned[..., 1 - axis] + phase) - np.sin(phase)
            )
        return moved * height + self.at

    def forward(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 2) of the sheet in the frame: the inverse of `back`, by a fixed point."""
        inverse = rotation(-self.turn).T
        found = (points - self.at) @ inverse + self.to
        for _ in range(_ROUNDS):
            found = found + (points - self.back(found)) @ inverse
            # What lies far outside may have no place in this perspective: it stays far outside.
            found = np.clip(found, -2 * np.array(self.frame), 3 * np.array(self.frame))
        return found

    def mesh(self) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
        """For `PIL.Image.Image.transform`: boxes of the frame and the four corners of the sheet they show."""
        sides = (np.linspace(0, side, _CELLS + 1).round() for side in self.frame)
        nodes = np.stack(np.meshgrid(*sides), axis=-1)
        seen = self.back(nodes)
        boxes = np.concatenate([nodes[:-1, :-1], nodes[1:, 1:]], axis=-1).astype(int)
        corners = np.concatenate([seen[:-1, :-1], seen[1:, :-1], seen[1:, 1:], seen[:-1, 1:]], axis=-1)
        cells = zip(boxes.reshape(-1, 4).tolist(), corners.reshape(-1, 8).tolist(), strict=True)
        return [(tuple(box), tuple(shown)) for box, shown in cells]

    def apply(self, images: list[Image.Image]) -> list[Image.Image]:
        """Images of the sheet's size as they are in the frame; outside they are 0."""
        mesh = self.mesh()
        return [
            image.transform(self.frame, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
            for image in images
        ]


def draw_warp(
    sheet: tuple[int, int],
    frame: tuple[int, int],
    place: np.ndarray,
    rng: np.random.Generator,
    turn: float,
    bend: float = 0.018,
) -> Warp:
    """A random one, of a sheet of size ``sheet``; its middle comes to lie at ``place`` (shares of the frame).

    Args:
        turn: the deviation of its angle in radians.
        bend: the most of a bend's amplitude.
    """
    bends = tuple(
        (rng.uniform(0, bend), rng.uniform(0.8, 1.8), rng.uniform(0, 6.28), axis) for axis in (0, 1)
    )
    tilt = rng.uniform(-0.28, 0.28, 2)
    angle = np.clip(rng.normal(0, turn), -3 * turn, 3 * turn)
    middle = np.array(sheet) / 2
    return Warp(frame, np.array(frame) * place, middle, angle, tilt, rng.uniform(0.98, 1.2), bends)
