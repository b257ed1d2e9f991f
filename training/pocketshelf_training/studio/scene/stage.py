"""A sheet on which garments, a figure and things before it are laid, with account of what is seen of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import EllipsisType

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.canvas import Canvas
from pocketshelf_training.studio.drawing.outline import Patch
from pocketshelf_training.studio.garments.cloth import material
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.landmarks import landmarks
from pocketshelf_training.studio.garments.tailor import Window, extent, sew

__all__ = ["Layer", "Piece", "Stage"]

At = tuple[slice, slice] | EllipsisType


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

    def hide(self, cover: np.ndarray, at: At = ..., garment: bool = False) -> None:
        """``cover`` in [0, 1] comes before it, ``at`` a part of the sheet; a garment's lessens the extent."""
        self.seen[at] *= 1 - cover
        if garment:
            self.extent[at] *= 1 - cover

    def move_to(self, corner: tuple[int, int], size: tuple[int, int]) -> None:
        """Onto a page of ``size`` (width, height), with the sheet's corner at ``corner`` (x, y)."""
        self.extent, self.seen = (_on_page(cover, corner, size) for cover in (self.extent, self.seen))
        self.marks = {name: (x + corner[0], y + corner[1]) for name, (x, y) in self.marks.items()}


def _on_page(sheet: np.ndarray, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Float32 (h, w) on an empty page of ``size`` (width, height), cut to it."""
    page = Image.new("F", size)
    page.paste(Image.fromarray(sheet), corner)
    return np.array(page)


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
    """

    def __init__(self, window: Window, unit: float) -> None:
        self.canvas = Canvas(window, float(unit))
        self.pieces: list[Piece] = []

    def wear(self, number: int, garment: Garment, worn: bool = True) -> None:
        """Sew ``garment`` on, over all that is there; one that the window does not show is left out."""
        corners = self.canvas.pixels(np.array(extent(garment)).reshape(2, 2))
        low, high = np.clip(corners.round(), 0, self.canvas.size)
        if (high - low).min() < 4:
            return
        cover = sew(self.canvas, garment, material(garment), worn)
        for piece in self.pieces:
            piece.hide(cover, garment=True)
        self._add(number, garment, cover, np.zeros(2), 1.0)

    def carry(self, number: int, garment: Garment, at: tuple[float, float], scale: float) -> None:
        """A thing of its own size: its origin lies ``at``, its unit is ``scale`` of the stage's."""
        sheet = Canvas(extent(garment), float(self.canvas.unit * scale))
        cover = sew(sheet, garment, material(garment), worn=False)
        x, y = np.round(self.canvas.pixels(np.array(at) + sheet.origin * scale)).astype(int).tolist()
        placed = partial(_on_page, corner=(x, y), size=self.canvas.size)
        whole = np.stack([placed(channel) for channel in np.moveaxis(sheet.rgba, 2, 0)], axis=2)
        self.canvas.rgba = self.canvas.rgba * (1 - whole[..., 3:]) + whole
        for piece in self.pieces:
            piece.hide(whole[..., 3])
        self._add(number, garment, placed(cover), np.array(at), scale)

    def lay(self, patch: Patch, colour: np.ndarray) -> None:
        """Something that is no garment, before all that is there."""
        self.canvas.lay(patch, colour * self.canvas.relief(patch))
        for piece in self.pieces:
            piece.hide(patch.cover, patch.at)

    def layer(self) -> Layer:
        """The sheet as it is now."""
        return Layer(self.canvas.image(), self.pieces)

    def _add(self, number: int, garment: Garment, cover: np.ndarray, shift: np.ndarray, scale: float) -> None:
        marks = {
            name: tuple(self.canvas.pixels(np.array(mark) * scale + shift).tolist())
            for name, mark in landmarks(garment).items()
        }
        self.pieces.append(Piece(number, cover.copy(), cover.copy(), marks))
