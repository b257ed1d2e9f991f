"""Closed outlines through control points: cardinal splines with corners, and what they cover.

A control point is (x, y) for a corner or (x, y, SMOOTH) where the outline runs through it with the
tangent of a Catmull-Rom spline (Catmull and Rom, 1974); `path` reads them from one line. Units are a
body's: x = 0 is the axis of the figure, y grows downwards, a shoulder is half a unit from the axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

__all__ = [
    "SMOOTH", "Patch", "Points", "Symmetry", "curve", "mirrored", "path", "polygon_patch", "rotation",
    "sides", "stroke_patch",
]  # fmt: skip

SMOOTH = 1.0
Points = Sequence[tuple[float, ...]]
Symmetry = Literal["join", "pair", "one"]

_STEPS = 12  # Segments between two control points; at 150 pixels a unit they are under 8 pixels long.
_SUPERSAMPLING = 4


def path(text: str) -> Points:
    """Control points written ``x,y``, one after another; ``~`` behind one says that it is smooth."""
    points = []
    for word in text.split():
        x, y = map(float, word.removesuffix("~").split(","))
        points.append((x, y, SMOOTH) if word.endswith("~") else (x, y))
    return tuple(points)


def curve(points: Points, closed: bool = True) -> np.ndarray:
    """The outline through ``points`` as a polyline, float64, shape (n, 2): a cubic Hermite between two."""
    knots = np.array([point[:2] for point in points], dtype=np.float64)
    smooth = np.array([[len(point) > 2] for point in points])
    if not closed:
        smooth[[0, -1]] = False
    after = np.roll(knots, -1, axis=0)
    chord, tangent = after - knots, (after - np.roll(knots, 1, axis=0)) / 2
    start = np.where(smooth, tangent, chord)
    end = np.where(np.roll(smooth, -1), np.roll(tangent, -1, axis=0), chord)
    t = (np.arange(_STEPS) / _STEPS)[:, None, None]
    ease, blend_start, blend_end = t * t * (3 - 2 * t), t * (1 - t) ** 2, t**2 * (t - 1)
    pieces = (knots + ease * chord + blend_start * start + blend_end * end).swapaxes(0, 1)
    if closed:
        return pieces.reshape(-1, 2)
    return np.concatenate([pieces[:-1].reshape(-1, 2), knots[-1:]])


def mirrored(half: Points) -> Points:
    """The whole outline of which ``half`` is the right side, from the axis above to the axis below."""
    return [*half, *(point for point in reversed(_reflected(half)) if abs(point[0]) > 1e-6)]


def sides(points: Points, symmetry: Symmetry) -> list[Points]:
    """The outlines that ``points`` stand for: a half to be joined, the right one of a pair, or one alone."""
    if symmetry == "join":
        return [mirrored(points)]
    return [points, _reflected(points)] if symmetry == "pair" else [points]


def rotation(angle: float) -> np.ndarray:
    """(2, 2), by which points (n, 2) are multiplied to turn them by ``angle`` radians, clockwise as seen."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def _reflected(points: Points) -> Points:
    return [(-point[0], *point[1:]) for point in points]


@dataclass(frozen=True)
class Patch:
    """Coverage of a part of a sheet.

    Attributes:
        rows, columns: where it lies on the sheet; cut to the sheet.
        cover: float32 (rows, columns) in [0, 1].
    """

    rows: slice
    columns: slice
    cover: np.ndarray

    @property
    def at(self) -> tuple[slice, slice]:
        """The index of the part in an array of the sheet's shape."""
        return self.rows, self.columns


def polygon_patch(outline: np.ndarray, size: tuple[int, int]) -> Patch:
    """Coverage by the polygon ``outline``, (n, 2) in pixels, of a sheet of ``size`` (width, height)."""
    return _drawn(outline, 0, size, lambda draw, corners: draw.polygon(corners, fill=255))


def stroke_patch(line: np.ndarray, width: float, size: tuple[int, int]) -> Patch:
    """Coverage by a stroke of ``width`` pixels along ``line``, (n, 2) in pixels, with round ends."""
    stroke = max(1, round(width * _SUPERSAMPLING))

    def paint(draw: ImageDraw.ImageDraw, corners: list[tuple[float, float]]) -> None:
        draw.line(corners, fill=255, width=stroke, joint="curve")
        for x, y in (corners[0], corners[-1]):
            draw.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=255)

    return _drawn(line, width, size, paint)


def _drawn(
    points: np.ndarray,
    reach: float,
    size: tuple[int, int],
    paint: Callable[[ImageDraw.ImageDraw, list[tuple[float, float]]], None],
) -> Patch:
    """Only the rectangle around ``points`` is drawn: most parts are small."""
    low = np.clip(np.floor(points.min(axis=0) - reach - 2).astype(int), 0, size)
    high = np.clip(np.ceil(points.max(axis=0) + reach + 2).astype(int), low, size)
    width, height = (int(side) for side in high - low)
    rows, columns = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    if width == 0 or height == 0:
        return Patch(rows, columns, np.zeros((height, width), dtype=np.float32))
    canvas = Image.new("L", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    corners = [(float(x), float(y)) for x, y in (points - low) * _SUPERSAMPLING]
    paint(ImageDraw.Draw(canvas), corners)
    return Patch(rows, columns, np.asarray(canvas.reduce(_SUPERSAMPLING), dtype=np.float32) / 255)
