"""Closed outlines through control points: cardinal splines with corners, and what they cover.

A control point is (x, y) for a corner or (x, y, SMOOTH) where the outline runs through it with the
tangent of a Catmull-Rom spline (Catmull and Rom, 1974). Units are a body's: x = 0 is the axis of
the figure, y grows downwards, a shoulder is half a unit from the axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["SMOOTH", "Patch", "Points", "curve", "mirrored", "polygon_patch", "stroke_patch"]

SMOOTH = 1.0
Points = Sequence[tuple[float, ...]]

_STEPS = 12  # Segments between two control points; at 150 pixels a unit they are under 8 pixels long.
_SUPERSAMPLING = 4


def curve(points: Points, closed: bool = True) -> np.ndarray:
    """The outline through ``points`` as a polyline, float64, shape (n, 2)."""
    knots = np.array([point[:2] for point in points], dtype=np.float64)
    smooth = np.array([len(point) > 2 and point[2] == SMOOTH for point in points])
    count = len(knots)
    segments = range(count if closed else count - 1)
    pieces = [_segment(knots, smooth, i, closed) for i in segments]
    if not closed:
        pieces.append(knots[-1:])
    return np.concatenate(pieces)


def _segment(knots: np.ndarray, smooth: np.ndarray, i: int, closed: bool) -> np.ndarray:
    """Cubic Hermite from knot i towards the next, without its end."""
    count = len(knots)
    j = (i + 1) % count
    chord = knots[j] - knots[i]
    start = (knots[j] - knots[i - 1]) / 2 if smooth[i] and (closed or i > 0) else chord
    after = (j + 1) % count
    end = (knots[after] - knots[i]) / 2 if smooth[j] and (closed or j < count - 1) else chord
    t = np.arange(_STEPS)[:, None] / _STEPS
    blend_start, blend_end = t * (1 - t) ** 2, t**2 * (t - 1)
    ease = t * t * (3 - 2 * t)
    return knots[i] + ease * chord + blend_start * start + blend_end * end


def mirrored(half: Points) -> list[tuple[float, ...]]:
    """The whole outline of which ``half`` is the right side, from the axis above to the axis below."""
    left = [(-point[0], *point[1:]) for point in reversed(half) if abs(point[0]) > 1e-6]
    return [*half, *left]


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
