"""Drawn pictures of coloured things, which the stand-in models tell apart."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

# Colour → category, as the stand-in embedder sees it.
COLOURS = {
    "red": ((200, 20, 20), "Red things"),
    "scarlet": ((230, 60, 40), "Red things"),
    "green": ((20, 180, 30), "Green things"),
    "lime": ((120, 220, 60), "Green things"),
    "blue": ((20, 30, 200), "Blue things"),
    "purple": ((140, 40, 200), "Purple things"),
}


def draw_thing(colour: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> Image.Image:
    """A coloured block with a darker foot on white, off the middle."""
    image = Image.new("RGB", size, "white")
    w, h = size
    draw = ImageDraw.Draw(image)
    draw.rectangle([w * 0.3, h * 0.2, w * 0.8, h * 0.9], fill=colour)
    draw.rectangle([w * 0.3, h * 0.7, w * 0.8, h * 0.9], fill=tuple(c // 2 for c in colour))
    return image


def photo_of(folder: Path, name: str = "red") -> Path:
    """A photo of the thing of that name, kept in ``folder``."""
    path = folder / f"photo of {name}.png"
    draw_thing(COLOURS[name][0], (320, 260)).save(path)
    return path


def turned_photo(path: Path) -> Path:
    """A red photo of 200 x 100 pixels that its EXIF data turn: upright 100 x 200."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 100), "red").save(path, exif=exif)
    return path
