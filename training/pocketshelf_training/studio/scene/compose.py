"""A photo composed of sheets: each warped into the frame over a ground, something before it, the camera."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf_training.studio.drawing.warp import Warp
from pocketshelf_training.studio.scene.camera import expose, shake
from pocketshelf_training.studio.scene.occlude import occlude
from pocketshelf_training.studio.scene.stage import Layer, Piece

__all__ = ["FRAMES", "LONGEST", "MARGIN", "Instance", "Shot", "compose", "on_white", "retaken"]

Box = tuple[int, int, int, int]
Rng = np.random.Generator

LONGEST = 320
FRAMES = ((240, 320), (240, 320), (256, 320), (320, 320), (320, 240))
MARGIN = 0.07  # of a shop's picture

# A garment of which less shows, or that is smaller, is not labelled.
_LEAST_SHARE, _LEAST_SIDE = 0.12, 12
_OCCLUDED = 0.3
_WELL_SEEN, _TRIES = 0.35, 4


@dataclass
class Instance:
    """A garment in a finished picture.

    Attributes:
        number: of what it shows.
        box: (x, y, w, h) in pixels around what the outfit leaves of it, in the frame.
        extent: bool (h, w), what the box is around.
        seen: bool (h, w), the same without what an arm, a bag or a plant hides.
        landmarks: name to (x, y, visible); those outside the box are left out.
    """

    number: int
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


def on_white(layer: Layer, shadow: bool = False) -> Shot:
    """The layer in the middle of a white square, as a shop shows it; its pieces go with it."""
    corner = ((LONGEST - layer.image.width) // 2, (LONGEST - layer.image.height) // 2)
    page = Image.new("RGB", (LONGEST, LONGEST), "white")
    if shadow:
        soft = layer.image.getchannel("A").filter(ImageFilter.GaussianBlur(5)).point(lambda value: value // 2)
        page.paste((205, 205, 210), (corner[0] + 2, corner[1] + 4), soft)
    page.paste(layer.image, corner, layer.image)
    for piece in layer.pieces:
        piece.move_to(corner, page.size)
    return Shot(page, "shop", _instances(layer.pieces))


def retaken(take: Callable[[Rng], Shot], about: int, seed: Sequence[int]) -> tuple[Shot, bool]:
    """The first of a few photos that shows the thing ``about`` well, else the last.

    Args:
        seed: each attempt has its own generator, of this and its number.

    Returns:
        The photo, and whether it does.
    """
    for attempt in range(_TRIES):
        shot = take(np.random.default_rng([*seed, attempt]))
        first = shot.instances[0] if shot.instances else None
        if first is not None and first.number == about and first.share >= _WELL_SEEN:
            return shot, True
    return shot, False


def compose(
    ground: tuple[Image.Image, bool], layers: list[tuple[Layer, Warp]], rng: Rng, about: int, kind: str
) -> Shot:
    """The layers over the ground, later ones before earlier ones, photographed.

    Args:
        ground: as `Grounds.draw` gives it; it is changed.
        about: number of the garment that the photo is about; it may be occluded, and comes first.
    """
    (scene, real), pieces = ground, list[Piece]()
    for layer, warp in layers:
        pieces = _put(scene, layer, warp, pieces, rng)
    if rng.random() < _OCCLUDED:
        main = next(piece for piece in pieces if piece.number == about)
        hidden = occlude(scene, main.extent > 0.5, rng)
        for piece in pieces:
            piece.hide(hidden)
    image = expose(shake(scene, rng), rng)
    pieces.sort(key=lambda piece: piece.number != about)
    return Shot(image, kind, _instances(pieces), real)


def _put(scene: Image.Image, layer: Layer, warp: Warp, before: list[Piece], rng: Rng) -> list[Piece]:
    """Paste a layer with its shadow; all pieces in the frame, those before it less what it covers."""
    covers = [cover for piece in layer.pieces for cover in (piece.extent, piece.seen)]
    # Four of them go as one picture: warping is dear by the picture.
    sheets = [_stacked(covers[first : first + 4]) for first in range(0, len(covers), 4)]
    picture, *stacks = warp.apply([layer.image, *sheets])
    masks = [np.asarray(mask, np.float32) / 255 for stack in stacks for mask in stack.split()]
    alpha = picture.getchannel("A")
    offset = (int(rng.integers(-4, 8)), int(rng.integers(2, 9)))
    scene.paste((24, 24, 30), offset, alpha.point(lambda value: value // 4))
    scene.paste(picture, (0, 0), picture)
    for piece in before:
        piece.hide(np.asarray(alpha, np.float32) / 255, garment=True)
    own = (_framed(piece, warp, *masks[2 * k : 2 * k + 2]) for k, piece in enumerate(layer.pieces))
    return [*before, *own]


def _stacked(covers: list[np.ndarray]) -> Image.Image:
    channels = np.zeros((*covers[0].shape, 4), np.uint8)
    for channel, cover in enumerate(covers):
        channels[..., channel] = np.clip(cover, 0, 1) * 255
    # As CMYK: warping RGBA would multiply by what it takes for the alpha.
    return Image.fromarray(channels, "CMYK")


def _framed(piece: Piece, warp: Warp, extent: np.ndarray, seen: np.ndarray) -> Piece:
    places = warp.forward(np.array(list(piece.marks.values())).reshape(-1, 2))
    marks = dict(zip(piece.marks, map(tuple, places.tolist()), strict=True))
    return Piece(piece.number, extent, seen, marks, piece.hidden)


def _instances(pieces: list[Piece]) -> list[Instance]:
    """Boxes, masks and landmarks of the pieces of a frame, those that hardly show left out."""
    found = [_shown(piece) for piece in pieces]
    return [shown for shown in found if min(shown.box[2:]) >= _LEAST_SIDE and shown.share >= _LEAST_SHARE]


def _shown(piece: Piece) -> Instance:
    extent, seen = piece.extent > 0.5, piece.seen > 0.5
    x, y, right, bottom = Image.fromarray(extent).getbbox() or (0, 0, 0, 0)
    marks = {
        name: (round(mx, 1), round(my, 1), name not in piece.hidden and _visible(seen, mx, my))
        for name, (mx, my) in piece.marks.items()
        if x <= mx <= right and y <= my <= bottom
    }
    return Instance(piece.number, (x, y, right - x, bottom - y), extent, seen, marks)


def _visible(seen: np.ndarray, x: float, y: float) -> bool:
    """Most of the 3 × 3 pixels around show the garment."""
    column, row = int(x), int(y)
    patch = seen[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return bool(patch.size and patch.mean() > 0.5)
