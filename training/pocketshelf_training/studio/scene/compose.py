"""A photo composed of sheets: each warped into the frame over a ground, something before it, the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.warp import Warp
from pocketshelf_training.studio.scene.camera import expose, shake
from pocketshelf_training.studio.scene.occlude import occlude
from pocketshelf_training.studio.scene.stage import Layer, Piece

__all__ = ["Box", "Instance", "Shot", "compose", "instances_of", "retaken"]

Box = tuple[float, float, float, float]

# A garment of which less shows, or that is smaller, is not labelled.
_LEAST_SHARE, _LEAST_SIDE = 0.12, 12
_OCCLUDED = 0.3
_WELL_SEEN, _TRIES = 0.35, 4


@dataclass
class Instance:
    """A garment in a finished picture.

    Attributes:
        piece: as it was laid, in the frame.
        box: (x, y, w, h) in pixels around what the outfit leaves of it, in the frame.
        extent: bool (h, w), what the box is around.
        seen: bool (h, w), the same without what an arm, a bag or a plant hides.
        landmarks: name to (x, y, visible); those outside the box are left out.
    """

    piece: Piece
    box: Box
    extent: np.ndarray
    seen: np.ndarray
    landmarks: dict[str, tuple[float, float, bool]]

    @property
    def share(self) -> float:
        """How much of what the box is around shows."""
        return float(self.seen.sum() / max(1, self.extent.sum()))


@dataclass
class Shot:
    """A finished picture.

    Attributes:
        kind: "shop", "worn", "hanging", "lying", "folded" or "standing".
        instances: its garments, the one it is about first.
        real_ground: a real photo is behind it.
    """

    image: Image.Image
    kind: str
    instances: list[Instance]
    real_ground: bool = False


def retaken(take: Callable[[int], Shot], about: int) -> tuple[Shot, bool]:
    """The first of a few photos ``take(attempt)`` that shows the thing ``about`` well, else the last.

    Returns:
        The photo, and whether it does.
    """
    for attempt in range(_TRIES):
        shot = take(attempt)
        first = shot.instances[0] if shot.instances else None
        if first is not None and first.piece.number == about and first.share >= _WELL_SEEN:
            return shot, True
    return shot, False


def compose(
    ground: Image.Image, layers: list[tuple[Layer, Warp]], rng: np.random.Generator, about: int
) -> tuple[Image.Image, list[Instance]]:
    """The layers over the ground, later ones before earlier ones, photographed.

    Args:
        about: number of the garment that the photo is about; it may be occluded, and comes first.
    """
    scene, pieces = ground.copy(), list[Piece]()
    for layer, warp in layers:
        pieces = _put(scene, layer, warp, pieces, rng)
    if rng.random() < _OCCLUDED:
        main = next(piece for piece in pieces if piece.number == about)
        hidden = occlude(scene, main.extent > 0.5, rng)
        for piece in pieces:
            piece.seen *= 1 - hidden
    image = expose(shake(scene, rng), rng)
    pieces.sort(key=lambda piece: piece.number != about)
    return image, instances_of(pieces)


def _put(
    scene: Image.Image, layer: Layer, warp: Warp, before: list[Piece], rng: np.random.Generator
) -> list[Piece]:
    """Paste a layer with its shadow; all pieces in the frame, those before it less what it covers."""
    covers = [cover for piece in layer.pieces for cover in (piece.extent, piece.seen)]
    # Four of them go as one picture: warping is dear by the picture.
    sheets = [_stacked(covers[first : first + 4]) for first in range(0, len(covers), 4)]
    picture, *stacks = warp.apply([layer.image, *sheets])
    masks = [mask for stack in stacks for mask in stack.split()]
    alpha = picture.getchannel("A")
    offset = (int(rng.integers(-4, 8)), int(rng.integers(2, 9)))
    scene.paste((24, 24, 30), offset, alpha.point(lambda value: value // 4))
    scene.paste(picture, (0, 0), picture)
    hidden = np.asarray(alpha, np.float32) / 255
    for piece in before:
        piece.extent *= 1 - hidden
        piece.seen *= 1 - hidden
    return [
        *before,
        *(_framed(piece, warp, masks[2 * k], masks[2 * k + 1]) for k, piece in enumerate(layer.pieces)),
    ]


def _stacked(covers: list[np.ndarray]) -> Image.Image:
    channels = np.zeros((*covers[0].shape, 4), np.uint8)
    for channel, cover in enumerate(covers):
        channels[..., channel] = np.clip(cover, 0, 1) * 255
    # As CMYK: warping RGBA would multiply by what it takes for the alpha.
    return Image.fromarray(channels, "CMYK")


def _framed(piece: Piece, warp: Warp, extent: Image.Image, seen: Image.Image) -> Piece:
    marks = {}
    if piece.marks:
        places = warp.forward(np.array(list(piece.marks.values())))
        marks = {name: (float(x), float(y)) for name, (x, y) in zip(piece.marks, places, strict=True)}
    whole, shown = (np.asarray(cover, np.float32) / 255 for cover in (extent, seen))
    return Piece(piece.number, whole, shown, marks, piece.hidden)


def instances_of(pieces: list[Piece]) -> list[Instance]:
    """Boxes, masks and landmarks of the pieces of a frame, those that hardly show left out."""
    found = [_shown(piece) for piece in pieces]
    return [shown for shown in found if min(shown.box[2:]) >= _LEAST_SIDE and shown.share >= _LEAST_SHARE]


def _shown(piece: Piece) -> Instance:
    extent, seen = piece.extent > 0.5, piece.seen > 0.5
    rows, columns = np.flatnonzero(extent.any(1)), np.flatnonzero(extent.any(0))
    if not len(rows):
        return Instance(piece, (0.0, 0.0, 0.0, 0.0), extent, seen, {})
    x, y = float(columns[0]), float(rows[0])
    box = (x, y, float(columns[-1] + 1 - x), float(rows[-1] + 1 - y))
    marks = {
        name: (round(mx, 1), round(my, 1), name not in piece.hidden and _visible(seen, mx, my))
        for name, (mx, my) in piece.marks.items()
        if x <= mx <= x + box[2] and y <= my <= y + box[3]
    }
    return Instance(piece, box, extent, seen, marks)


def _visible(seen: np.ndarray, x: float, y: float) -> bool:
    """Most of the 3 × 3 pixels around show the garment."""
    column, row = int(x), int(y)
    patch = seen[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return bool(patch.size and patch.mean() > 0.5)
