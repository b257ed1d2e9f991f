"""A sheet on which garments, a figure and things before it are laid, with account of what is seen of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.canvas import Canvas
from pocketshelf_training.studio.drawing.outline import Patch
from pocketshelf_training.studio.garments.cloth import material
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.landmarks import landmarks
from pocketshelf_training.studio.garments.tailor import Window, extent, sew

__all__ = ["Fabrics", "Layer", "Piece", "Stage"]

Fabrics = dict[str, list[Path]]


@dataclass
class Piece:
    """A garment on a sheet.

    Attributes:
        number: the garment's in its collection.
        extent: float32 (h, w), where it is, less what other garments of the outfit cover.
        seen: the same less everything that is before it.
        marks: landmark to (x, y) in pixels of the sheet.
        hidden: landmarks that lie under the garment's own cloth.
    """

    number: int
    extent: np.ndarray
    seen: np.ndarray
    marks: dict[str, tuple[float, float]]
    hidden: set[str] = field(default_factory=set)

    def move_to(self, corner: tuple[int, int], size: tuple[int, int]) -> None:
        """Onto a page of ``size`` (width, height), with the sheet's corner at ``corner`` (x, y)."""
        x, y = corner
        for name in ("extent", "seen"):
            own, page = getattr(self, name), np.zeros(size[::-1], np.float32)
            page[y : y + own.shape[0], x : x + own.shape[1]] = own
            setattr(self, name, page)
        self.marks = {name: (mark[0] + x, mark[1] + y) for name, mark in self.marks.items()}


@dataclass
class Layer:
    """A finished sheet: RGBA, and its pieces."""

    image: Image.Image
    pieces: list[Piece]


class Stage:
    """A `Canvas` with account of its pieces.

    Args:
        window: (left, top, right, bottom) in body units.
        unit: pixels in one.
        fabrics: pattern to the close-ups that may be shown.
    """

    def __init__(self, window: Window, unit: float, fabrics: Fabrics) -> None:
        self.canvas = Canvas(window, float(unit))
        self.fabrics = fabrics
        self.pieces: list[Piece] = []

    def wear(self, number: int, garment: Garment, worn: bool = True) -> None:
        """Sew ``garment`` on, over all that is there; one that the window does not show is left out."""
        corners = self.canvas.pixels(np.array(extent(garment)).reshape(2, 2))
        low, high = np.clip(corners.round(), 0, self.canvas.size)
        if (high - low).min() < 4:
            return
        cover = sew(self.canvas, garment, material(garment, self.fabrics), worn)
        self._cover(cover, garment=True)
        self._add(number, garment, cover, np.zeros(2), 1.0)

    def carry(
        self, number: int, garment: Garment, window: Window, at: tuple[float, float], scale: float
    ) -> None:
        """A thing of its own size: its origin lies ``at``, its unit is ``scale`` of the stage's."""
        sheet = Canvas(window, float(self.canvas.unit * scale))
        cover = sew(sheet, garment, material(garment, self.fabrics), worn=False)
        corner = np.round(self.canvas.pixels(np.array(at) + sheet.origin * scale)).astype(int)
        whole = np.zeros_like(self.canvas.rgba)
        own, there = _overlap(cover.shape, whole.shape[:2], corner)
        whole[there] = sheet.rgba[own]
        self.canvas.rgba = self.canvas.rgba * (1 - whole[..., 3:]) + whole
        spread = np.zeros(whole.shape[:2], np.float32)
        spread[there] = cover[own]
        self._cover(whole[..., 3], garment=False)
        self._add(number, garment, spread, np.array(at), scale)

    def lay(self, patch: Patch, colour: np.ndarray) -> None:
        """Something that is no garment, before all that is there."""
        self.canvas.lay(patch, colour * self.canvas.relief(patch))
        for piece in self.pieces:
            piece.seen[patch.at] *= 1 - patch.cover

    def layer(self) -> Layer:
        """The sheet as it is now."""
        return Layer(self.canvas.image(), self.pieces)

    def _cover(self, cover: np.ndarray, garment: bool) -> None:
        for piece in self.pieces:
            piece.seen *= 1 - cover
            if garment:
                piece.extent *= 1 - cover

    def _add(self, number: int, garment: Garment, cover: np.ndarray, shift: np.ndarray, scale: float) -> None:
        marks = {
            name: tuple(float(v) for v in self.canvas.pixels(np.array(mark) * scale + shift))
            for name, mark in landmarks(garment).items()
        }
        self.pieces.append(Piece(number, cover.copy(), cover.copy(), marks))  # type: ignore[arg-type]


def _overlap(
    own: tuple[int, ...], there: tuple[int, ...], corner: np.ndarray
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Which part of a sheet of shape ``own``, its corner (x, y) at ``corner``, lies where on another."""
    slices = []
    for length, room, start in zip(own, there, corner[::-1], strict=True):
        low, high = max(0, int(start)), min(room, int(start) + length)
        high = max(low, high)
        slices.append((slice(low - int(start), high - int(start)), slice(low, high)))
    return (slices[0][0], slices[1][0]), (slices[0][1], slices[1][1])
