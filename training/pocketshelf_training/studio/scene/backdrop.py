"""Backgrounds of street photos: walls, bricks, planks, streets, greenery and shop lights, out of focus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pocketshelf_training.studio.drawing.palette import CLOTH, WALLS
from pocketshelf_training.studio.scene.camera import side_light

__all__ = ["BACKDROPS", "backdrop"]

Size = tuple[int, int]


def backdrop(size: Size, rng: np.random.Generator) -> Image.Image:
    """An RGB background of ``size`` (width, height); which kind, and how blurred, is drawn."""
    kind = BACKDROPS[int(rng.integers(len(BACKDROPS)))]
    image = kind(size, rng).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 2.5))))
    lit = np.asarray(image) * side_light(size, (0.8, 1.1), rng)  # No ground is flat.
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def _wall(size: Size, rng: np.random.Generator) -> Image.Image:
    wall, floor = _colour(rng, WALLS), _colour(rng, WALLS, 0.7)
    image = Image.new("RGB", size, wall)
    draw = ImageDraw.Draw(image)
    skirting = round(size[1] * rng.uniform(0.78, 0.92))
    draw.rectangle((0, skirting, *size), fill=floor)
    draw.rectangle((0, skirting - 6, size[0], skirting), fill=_scaled(wall, 1.12))
    if rng.random() < 0.6:
        x, y = round(size[0] * rng.uniform(-0.1, 0.8)), round(size[1] * rng.uniform(0.02, 0.2))
        frame = (x, y, x + size[0] // 3, y + size[1] // 4)
        draw.rectangle(frame, fill=_colour(rng, tuple(CLOTH.values())), outline=_scaled(wall, 0.5), width=5)
    return image


def _bricks(size: Size, rng: np.random.Generator) -> Image.Image:
    mortar, brick = (188, 180, 170), (158, 88, 70)
    image = Image.new("RGB", size, mortar)
    draw = ImageDraw.Draw(image)
    height = int(rng.integers(20, 30))
    width = round(height * 2.5)
    for row, y in enumerate(range(0, size[1], height)):
        for x in range(-width * (row % 2) // 2, size[0], width):
            fill = _scaled(brick, float(rng.uniform(0.8, 1.15)))
            draw.rectangle((x + 1, y + 1, x + width - 3, y + height - 3), fill=fill)
    return image


def _planks(size: Size, rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    wood, width = (168, 128, 88), int(rng.integers(36, 64))
    for x in range(0, size[0], width):
        fill = _scaled(wood, float(rng.uniform(0.82, 1.12)))
        draw.rectangle((x, 0, x + width - 2, size[1]), fill=fill)
        for _ in range(5):
            grain = x + int(rng.integers(width))
            draw.line((grain, 0, grain + int(rng.integers(-6, 7)), size[1]), fill=_scaled(fill, 0.9))
    return image


def _street(size: Size, rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", size, (188, 208, 226))
    draw = ImageDraw.Draw(image)
    horizon, x = round(size[1] * rng.uniform(0.55, 0.72)), -20
    while x < size[0]:
        width, top = int(rng.integers(60, 150)), int(rng.integers(0, horizon // 2))
        facade = _colour(rng, WALLS)
        draw.rectangle((x, top, x + width, horizon), fill=facade)
        for window_y in range(top + 16, horizon - 24, 42):
            for window_x in range(x + 12, x + width - 16, 30):
                draw.rectangle((window_x, window_y, window_x + 14, window_y + 22), fill=_scaled(facade, 0.55))
        x += width
    draw.rectangle((0, horizon, *size), fill=(132, 132, 134))
    draw.rectangle((0, horizon, size[0], horizon + 12), fill=(168, 166, 162))
    return image.filter(ImageFilter.GaussianBlur(2))


def _greenery(size: Size, rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", size, (120, 152, 96))
    draw = ImageDraw.Draw(image)
    for _ in range(260):
        x, y, r = rng.uniform(-20, size[0]), rng.uniform(-20, size[1] * 0.8), rng.uniform(8, 34)
        shade = float(rng.uniform(0.6, 1.25))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=_scaled((96, 138, 78), shade))
    draw.rectangle((0, round(size[1] * 0.8), *size), fill=(168, 158, 132))
    return image.filter(ImageFilter.GaussianBlur(4))


def _lights(size: Size, rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", size, _colour(rng, WALLS, 0.45))
    draw = ImageDraw.Draw(image)
    for _ in range(46):
        x, y, r = rng.uniform(0, size[0]), rng.uniform(0, size[1] * 0.7), rng.uniform(6, 26)
        draw.ellipse(
            (x - r, y - r, x + r, y + r),
            fill=_colour(rng, ((250, 220, 160), (240, 180, 120), (180, 200, 230))),
        )
    return image.filter(ImageFilter.GaussianBlur(5))


BACKDROPS: tuple[Callable[[Size, np.random.Generator], Image.Image], ...] = (
    _wall,
    _bricks,
    _planks,
    _street,
    _greenery,
    _lights,
)


def _colour(
    rng: np.random.Generator, palette: tuple[tuple[int, int, int], ...], factor: float = 1.0
) -> tuple[int, int, int]:
    return _scaled(palette[int(rng.integers(len(palette)))], factor)


def _scaled(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(value * factor)) for value in colour)
    return red, green, blue
