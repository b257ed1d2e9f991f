"""3D models as clouds of surface points, drawn from any side: Wavefront OBJ with its materials and textures.

A point's colour is its material's, or its texture's there. Of a pixel's points those nearest the camera
count, on average, so that textures come out smooth; what is seen through is drawn of fewer points ("Surface
splatting", Zwicker et al., SIGGRAPH 2001, in its simplest form). No shadows, no reflections: what changes
from side to side is what is seen.
"""

from __future__ import annotations

import itertools
import math
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import WHOLE, decode_photo

__all__ = ["Solid", "SolidError", "View", "drawn", "read_solid"]

Read = Callable[[str], bytes]
POINTS = 900_000
# Of a cloud's radius: points of a pixel that lie no further behind the nearest are of the same surface.
THICK = 0.02
# The camera's distance in radii, and how much of the picture's half side the cloud's radius takes.
DISTANCE, FILLED = 4.0, 0.92
AMBIENT = 0.5
TEXTURE_SIDE = 512


class SolidError(ValueError):
    """A model cannot be drawn: no faces, or nothing of a size."""


@dataclass(frozen=True)
class Solid:
    """Points of a surface around the origin, none further than 1 from it; y is up.

    Attributes:
        points, normals: float32 (n, 3). colours: float32 (n, 3), RGB levels.
    """

    points: np.ndarray
    normals: np.ndarray
    colours: np.ndarray


@dataclass(frozen=True)
class View:
    """From where, and in which light; angles in degrees.

    Attributes:
        turn: around the upright axis. rise: above the horizon. lean: of the camera around its own axis.
        light: turn and rise of the lamp, from the camera's own direction.
    """

    turn: float
    rise: float
    lean: float = 0.0
    light: tuple[float, float] = (30.0, 40.0)


@dataclass(frozen=True)
class _Material:
    colour: np.ndarray
    opacity: float = 1.0
    texture: np.ndarray | None = None


_PLAIN = _Material(np.array([180.0] * 3))


def read_solid(name: str, read: Read, rng: np.random.Generator, points: int = POINTS) -> Solid:
    """The model ``name``, an OBJ file whose materials and textures lie beside it.

    Args:
        read: a file's bytes, by its name; KeyError where there is none.
        rng: places the points.

    Raises:
        SolidError: it shows nothing.
    """
    corners, textured, owner, materials = _faces(name, read)
    edges = corners[:, 1:] - corners[:, :1]
    across = np.cross(edges[:, 0], edges[:, 1])
    areas = np.linalg.norm(across, axis=1) / 2
    opacity = np.array([material.opacity for material in materials])[owner]
    weights = areas * opacity
    if not (len(corners) and np.isfinite(weights).all() and weights.sum() > 0):
        raise SolidError(f"{name}: no faces")
    chosen = np.searchsorted(np.cumsum(weights), rng.random(points) * weights.sum())
    chosen = np.sort(np.minimum(chosen, len(weights) - 1))
    # Evenly within a triangle.
    root, share = np.sqrt(rng.random(points)), rng.random(points)
    by = np.stack([1 - root, root * (1 - share), root * share], axis=1)[:, :, None]
    placed = (corners[chosen] * by).sum(1)
    low, high = placed.min(0), placed.max(0)
    placed = placed - (low + high) / 2
    radius = np.linalg.norm(placed, axis=1).max()
    if not radius > 0:
        raise SolidError(f"{name}: of no size")
    normals = across[chosen] / np.maximum(2 * areas[chosen, None], 1e-12)
    colours = _colours(materials, owner[chosen], (textured[chosen] * by).sum(1))
    return Solid((placed / radius).astype(np.float32), normals.astype(np.float32), colours)


def _colours(materials: list[_Material], owner: np.ndarray, at: np.ndarray) -> np.ndarray:
    found = np.stack([material.colour for material in materials])[owner].astype(np.float32)
    for number, material in enumerate(materials):
        if material.texture is not None:
            rows = np.flatnonzero(owner == number)
            height, width = material.texture.shape[:2]
            x = (at[rows, 0] % 1 * width).astype(int) % width
            y = ((1 - at[rows, 1] % 1) * height).astype(int) % height
            found[rows] = material.texture[y, x]
    return found


def _faces(name: str, read: Read) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[_Material]]:
    """Triangles' corners (t, 3, 3), places in the texture (t, 3, 2), and number of the material (t,)."""
    points: list[list[float]] = []
    places: list[list[float]] = [[0.0, 0.0]]
    triangles: list[tuple[tuple[int, int], ...]] = []
    owners: list[int] = []
    materials = {"": _PLAIN}
    numbers, current = {"": 0}, 0
    for word, rest in _lines(read(name)):
        if word == "v":
            points.append([float(each) for each in rest[:3]])
        elif word == "vt":
            places.append([float(each) for each in rest[:2]])
        elif word == "f":
            corners = [_corner(each, len(points), len(places)) for each in rest]
            for second, third in itertools.pairwise(corners[1:]):
                triangles.append((corners[0], second, third))
                owners.append(current)
        elif word == "mtllib":
            materials |= _materials(_beside(name, " ".join(rest)), read)
        elif word == "usemtl":
            current = numbers.setdefault(" ".join(rest), len(numbers))
    if not triangles or not points:
        raise SolidError(f"{name}: no faces")
    at = np.array(triangles)
    known = [materials.get(each, materials[""]) for each in numbers]
    return np.array(points)[at[..., 0]], np.array(places)[at[..., 1]], np.array(owners), known


def _corner(text: str, points: int, places: int) -> tuple[int, int]:
    """``point/place/normal``, counted from 1, or backwards from the last; 0 stands for no place."""
    point, place, *_ = [*text.split("/"), ""]
    first, second = int(point), int(place or 0)
    return (first - 1 if first > 0 else points + first), (second if second >= 0 else places + second)


def _materials(name: str, read: Read) -> dict[str, _Material]:
    """By name; none where the file is not there."""
    found: dict[str, _Material] = {}
    current = ""
    try:
        lines = list(_lines(read(name)))
    except KeyError:
        return found
    for word, rest in lines:
        if word == "newmtl":
            current = " ".join(rest)
            found[current] = _PLAIN
        elif current and word == "Kd" and len(rest) >= 3:
            colour = 255 * np.clip([float(each) for each in rest[:3]], 0, 1)
            found[current] = replace(found[current], colour=colour)
        elif current and word == "d" and rest:
            found[current] = replace(found[current], opacity=min(max(float(rest[-1]), 0.05), 1.0))
        elif current and word == "map_Kd" and rest:
            texture = _texture(_beside(name, " ".join(rest)), read)
            found[current] = replace(found[current], texture=texture)
    return found


def _texture(name: str, read: Read) -> np.ndarray | None:
    try:
        image = Image.fromarray(decode_photo(read(name), WHOLE).pixels)
    except (KeyError, PhotoError):
        return None
    image.thumbnail((TEXTURE_SIDE, TEXTURE_SIDE))
    return np.asarray(image)


def _beside(name: str, other: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), other.replace("\\", "/")))


def _lines(data: bytes) -> Iterator[tuple[str, list[str]]]:
    for line in data.decode("utf-8", "replace").splitlines():
        if words := line.split():
            yield words[0], words[1:]


def drawn(solid: Solid, view: View, side: int) -> tuple[Image.Image, Image.Image]:
    """The model from a side: RGB, and what it covers (L), of ``side`` pixels each."""
    turned = _rotation(view)
    points, normals = solid.points @ turned.T, solid.normals @ turned.T
    depth = DISTANCE - points[:, 2]
    scale = FILLED * side / 2 * math.sqrt(DISTANCE**2 - 1) / depth
    x = (side / 2 + points[:, 0] * scale).astype(np.int32)
    y = (side / 2 - points[:, 1] * scale).astype(np.int32)
    inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    pixel, depth = (y * side + x)[inside], depth[inside]
    nearest = np.full(side * side, np.inf, np.float32)
    np.minimum.at(nearest, pixel, depth)
    seen = depth <= nearest[pixel] + THICK
    pixel, at = pixel[seen], np.flatnonzero(inside)[seen]
    shaded = solid.colours[at] * _shade(normals[at], view)[:, None]
    counts = np.bincount(pixel, minlength=side * side)
    sums = [np.bincount(pixel, shaded[:, channel], side * side) for channel in range(3)]
    levels = np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]
    picture = Image.fromarray(levels.reshape(side, side, 3).clip(0, 255).astype(np.uint8))
    cover = Image.fromarray(np.where(counts > 0, 255, 0).astype(np.uint8).reshape(side, side))
    return _closed(picture, cover)


def _closed(picture: Image.Image, cover: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Pixels that no point met, between others, are like those around them."""
    whole = cover.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))
    around = picture.filter(ImageFilter.MaxFilter(3))
    return Image.composite(picture, around, cover), whole


def _shade(normals: np.ndarray, view: View) -> np.ndarray:
    """Lambert's light on surfaces that have two sides, levels of sRGB multiplied."""
    turn, rise = (math.radians(each) for each in view.light)
    lamp = np.array([math.sin(turn) * math.cos(rise), math.sin(rise), math.cos(turn) * math.cos(rise)])
    towards = normals * np.where(normals[:, 2:] < 0, -1, 1)
    return AMBIENT + (1 - AMBIENT) * np.clip(towards @ lamp, 0, None)


def _rotation(view: View) -> np.ndarray:
    turn, rise, lean = (math.radians(each) for each in (view.turn, view.rise, view.lean))
    upright = np.array([[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]])
    raised = np.array([[1, 0, 0], [0, math.cos(rise), -math.sin(rise)], [0, math.sin(rise), math.cos(rise)]])
    leaned = np.array([[math.cos(lean), -math.sin(lean), 0], [math.sin(lean), math.cos(lean), 0], [0, 0, 1]])
    return (leaned @ raised @ upright).astype(np.float32)
