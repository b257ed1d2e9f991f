"""Photos made of several: collages, screenshots, crowds, far things, cut-off people, runways; synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

__all__ = [
    "Person",
    "collage",
    "crowd",
    "cut_off",
    "far_away",
    "on_white",
    "runway",
    "screenshot",
    "screenshot_of",
    "side_by_side",
]


@dataclass(frozen=True)
class Person:
    """A street photo and where its person is.

    Attributes:
        photo: the picture.
        mask: mode "L", 255 where the person is.
    """

    photo: Image.Image
    mask: Image.Image

    @property
    def cut_out(self) -> Image.Image:
        """The person alone, RGBA, cropped."""
        whole = self.photo.copy()
        whole.putalpha(self.mask)
        return whole.crop(self.box)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Corners of the person's box; the frame's where the mask is empty."""
        return self.mask.getbbox() or (0, 0, *self.mask.size)


def collage(photos: Sequence[Image.Image], rng: np.random.Generator) -> Image.Image:
    """2 to 9 photos in a grid, with or without gaps between."""
    rows, columns = ((1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (2, 3), (3, 3))[rng.integers(7)]
    width, height = int(rng.integers(260, 400)), int(rng.integers(260, 480))
    gap = int(rng.choice([0, 0, 2, 4, 8]))
    sheet = Image.new("RGB", (width, height), _plain(rng))
    ys, xs = _cuts(rows, height, rng), _cuts(columns, width, rng)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        left, top = xs[column], ys[row]
        size = (xs[column + 1] - left - gap, ys[row + 1] - top - gap)
        sheet.paste(_filling(photos[number % len(photos)], size), (left, top))
    return sheet


def screenshot(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A photo inside a phone's page: status bar, title, lines of text, buttons."""
    return screenshot_of(photo, rng)[0]


def screenshot_of(
    photo: Image.Image, rng: np.random.Generator, away: float = 0.0
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """As `screenshot`, and the photo's corners in it: left, top, right and bottom.

    Args:
        away: the photo's from either side of the page, of its width.
    """
    width, height = 300, int(rng.integers(480, 640))
    dark = rng.random() < 0.35
    ground, ink = ((18, 18, 20), (235, 235, 235)) if dark else ((250, 250, 250), (30, 30, 30))
    page = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(page)
    _status_bar(draw, width, ink)
    top = int(rng.integers(24, 90))
    left = round(away * width)
    shown = _filling(photo, (width - 2 * left, int(height * rng.uniform(0.35, 0.7))))
    page.paste(shown, (left, top))
    y = top + shown.height + 10
    while y < height - 40:
        _text_line(draw, (12, y), int(width * rng.uniform(0.3, 0.9)), ink, rng)
        y += int(rng.integers(12, 24))
    colour = tuple(int(c) for c in rng.integers(0, 255, 3))
    draw.rounded_rectangle((12, height - 34, width - 12, height - 8), 8, fill=colour)
    return page, (left, top, width - left, top + shown.height)


def side_by_side(photos: Sequence[Image.Image], rng: np.random.Generator) -> Image.Image:
    """Different products that meet along slanted edges, as a photo of several shelves shows them."""
    sheet = _filling(photos[0], (320, 320))
    for other in photos[1:]:
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        y, x = np.mgrid[:320, :320] / 320 - 0.5
        side = (x * np.cos(angle) + y * np.sin(angle) + 0.03 * np.sin(12 * x + angle)) > offset
        mask = Image.fromarray((side * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
        sheet.paste(_filling(other, (320, 320)), (0, 0), mask)
    return sheet


def crowd(people: Sequence[Person], rng: np.random.Generator) -> Image.Image:
    """Several people of like size in one street."""
    scene = people[0].photo.copy()
    spots = np.linspace(0.02, 0.98, len(people))
    for person, spot in zip(people[1:], rng.permutation(spots), strict=False):
        _paste(scene, person.cut_out, spot, rng.uniform(0.85, 1.0), rng.uniform(0.6, 0.9))
    return scene


def far_away(thing: Image.Image, ground: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A cut-out (RGBA), or a photo shrunk onto its ground, that takes 10 to 24 % of the frame's height."""
    scene = _filling(ground, (320, 420))
    _paste(scene, thing, rng.uniform(0.1, 0.9), rng.uniform(0.4, 0.95), rng.uniform(0.1, 0.24))
    return scene


def cut_off(person: Person, rng: np.random.Generator) -> Image.Image:
    """A crop that leaves out the feet, or everything above the hips."""
    left, top, right, bottom = person.box
    height, width = bottom - top, person.photo.width
    if rng.random() < 0.65:
        box = (0, max(0, top - height * rng.uniform(0, 0.12)), width, top + height * rng.uniform(0.35, 0.82))
    else:
        box = (
            0,
            top + height * rng.uniform(0.25, 0.6),
            width,
            min(person.photo.height, bottom + height * 0.08),
        )
    middle, half = (left + right) / 2, (box[3] - box[1]) * rng.uniform(0.35, 0.6)
    crop = (max(0, middle - half), box[1], min(width, middle + half), box[3])
    x0, y0, x1, y1 = (round(side) for side in crop)
    return person.photo.crop((x0, y0, x1, y1))


def on_white(person: Person, rng: np.random.Generator, whole: bool) -> Image.Image:
    """The person before a studio's white, whole or cut off."""
    white = Image.new("RGB", person.photo.size, (255, 255, 255))
    white.paste(person.photo, (0, 0), person.mask)
    alone = Person(white, person.mask)
    return white if whole else cut_off(alone, rng)


def runway(people: Sequence[Person], rng: np.random.Generator) -> Image.Image:
    """A walk on a lit floor between dark rows of heads, under lamps."""
    width, height = 320, 480
    dark = int(rng.integers(5, 45))
    scene = Image.new("RGB", (width, height), (dark, dark, dark + int(rng.integers(0, 12))))
    draw = ImageDraw.Draw(scene)
    far, near, horizon = width * rng.uniform(0.08, 0.2), width * rng.uniform(0.3, 0.6), rng.uniform(0.3, 0.5)
    light = int(rng.integers(120, 245))
    middle, top = width / 2, height * horizon
    floor = [(middle - far, top), (middle + far, top), (middle + near, height), (middle - near, height)]
    draw.polygon(floor, fill=(light, light, light))
    for row in range(7):
        _heads(draw, width, top + (height - top) * row / 7, 5 + 3 * row, floor, rng)
    for _ in range(int(rng.integers(2, 9))):
        x, y = rng.uniform(0, width), rng.uniform(0, top * 0.6)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=(255, 255, 240))
    scene = scene.filter(ImageFilter.GaussianBlur(1.2))
    for number, person in enumerate(people):
        size = rng.uniform(0.65, 0.88) if number == 0 else rng.uniform(0.25, 0.4)
        _paste(scene, person.cut_out, 0.5, 0.95 if number == 0 else 0.6, size)
    return scene


def _heads(
    draw: ImageDraw.ImageDraw, width: int, y: float, size: float, floor: list, rng: np.random.Generator
) -> None:
    """One row of the audience, on both sides of the floor."""
    (right, top), (far_right, bottom) = floor[1], floor[2]
    share = (y - top) / max(bottom - top, 1)
    edge = right + (far_right - right) * share
    for x in np.arange(edge + size, width + size, 2.2 * size):
        for side in (x, width - x):
            shade = int(rng.integers(20, 110))
            place = side + rng.uniform(-2, 2)
            draw.ellipse(
                (place - size, y - size, place + size, y + size), fill=(shade, shade * 4 // 5, shade * 3 // 4)
            )


def _paste(scene: Image.Image, thing: Image.Image, x: float, base: float, height: float) -> None:
    """Put ``thing`` to stand at ``base``, ``height`` high; both shares of the scene's height."""
    tall = max(4, round(scene.height * height))
    wide = max(4, round(thing.width * tall / thing.height))
    small = thing.resize((wide, tall), Image.Resampling.BILINEAR)
    place = (round(scene.width * x - wide / 2), round(scene.height * base - tall))
    scene.paste(small.convert("RGB"), place, small.getchannel("A") if small.mode == "RGBA" else None)


def _filling(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of ``photo`` that fills ``size``."""
    width, height = max(1, size[0]), max(1, size[1])
    scale = max(width / photo.width, height / photo.height)
    large = photo.resize((max(width, round(photo.width * scale)), max(height, round(photo.height * scale))))
    left, top = (large.width - width) // 2, (large.height - height) // 2
    return large.crop((left, top, left + width, top + height))


def _cuts(count: int, length: int, rng: np.random.Generator) -> list[int]:
    even = np.linspace(0, length, count + 1)
    even[1:-1] += rng.uniform(-0.1, 0.1, count - 1) * length / count
    return [round(place) for place in even]


def _plain(rng: np.random.Generator) -> tuple[int, int, int]:
    if rng.random() < 0.7:
        return (255, 255, 255) if rng.random() < 0.7 else (0, 0, 0)
    red, green, blue = (int(c) for c in rng.integers(0, 255, 3))
    return red, green, blue


def _status_bar(draw: ImageDraw.ImageDraw, width: int, ink: tuple[int, int, int]) -> None:
    draw.text((10, 4), "12:41", fill=ink)
    draw.rectangle((width - 30, 6, width - 12, 14), outline=ink)
    draw.rectangle((width - 29, 7, width - 18, 13), fill=ink)


def _text_line(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    length: int,
    ink: tuple[int, int, int],
    rng: np.random.Generator,
) -> None:
    letters = "".join(rng.choice(list("aeinorstlcdmuhgbp ")) for _ in range(max(3, length // 6)))
    draw.text(at, letters, fill=ink)
