"""Golden cases of screenshots: pages made of bands, some with a picture among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pocketshelf.stages.screenshot import picture_in

__all__ = ["page_of", "pages", "parts_of"]

WHITE, DARK, BLUE = [250, 250, 250], [18, 18, 20], [40, 90, 200]


def pages() -> list[dict[str, Any]]:
    """Pages 115 pixels wide: where the picture is found, and what is none."""
    text = _band(3, WHITE), _band(2, WHITE, [6, 80, 30, 30, 30])
    dark_text = _band(3, DARK), _band(2, DARK, [6, 60, 235, 235, 235])
    thing = _band(90, [255, 255, 255], [30, 85, 20, 60, 40])
    found = {
        "in a feed": [_band(26, WHITE), _picture(140), *text, _band(79, WHITE)],
        "in a dark one": [_band(26, DARK), _picture(140), _band(84, DARK)],
        "a thing on white in a dark one": [_band(40, DARK), thing, *dark_text, _band(115, DARK)],
        "at the top of a screen": [_picture(120), _band(130, WHITE)],
        "at its end": [_band(35, WHITE), _picture(215)],
        "under a bar of another colour": [_band(20, BLUE), _band(12, WHITE), _picture(120), _band(98, WHITE)],
        "between the bars of a film": [_band(30, [0, 0, 0]), _picture(90), _band(30, [0, 0, 0])],
        "a card in a feed": [_band(20, WHITE), _band(120, WHITE, [5, 110]), *text, _band(105, WHITE)],
        "its sky as the page for a while": [
            _band(30, WHITE),
            _picture(60),
            _band(5, WHITE),
            _picture(90),
            _band(65, WHITE),
        ],
    }
    none = {
        "a photo": [_picture(250)],
        "a page without a picture": [_band(120, WHITE), *text, _band(125, WHITE)],
        "a thing on white": [_band(60, WHITE), _band(120, WHITE, [30, 85, 20, 60, 40]), _band(70, WHITE)],
        "a wall above a floor": [_band(120, WHITE, [40, 80, 20, 60, 40]), _picture(60)],
        "at the top, of a screen that is not as high": [_picture(120), _band(50, WHITE)],
        "too small": [_band(100, WHITE), _picture(50), _band(100, WHITE)],
        "farther from the sides than a card": [
            _band(40, WHITE),
            _band(120, WHITE, [12, 103]),
            _band(90, WHITE),
        ],
        "next to all": [_band(10, WHITE), _picture(230), _band(10, WHITE)],
        "of next to the page's colour": [_band(50, WHITE), _band(120, [245, 240, 240]), _band(80, WHITE)],
    }
    return [{"name": name, "width": 115, "bands": bands} for name, bands in (found | none).items()]


def page_of(case: dict[str, Any]) -> np.ndarray:
    """The page's pixels, uint8 (h, w, 3)."""
    return np.concatenate([_pixels(band, case["width"]) for band in case["bands"]])


def parts_of(case: dict[str, Any]) -> dict[str, Any]:
    """Where the picture lies."""
    return {"part": picture_in(page_of(case))}


def _band(rows: int, colour: list[int], inside: list[int] | None = None) -> list[Any]:
    """Rows of a colour; from column ``inside[0]`` to before ``inside[1]`` of another, or a picture."""
    return [rows, colour, *([] if inside is None else [inside])]


def _picture(rows: int) -> list[Any]:
    return [rows]


def _pixels(band: list[Any], width: int) -> np.ndarray:
    rows, colour, (left, right, *other) = band[0], band[1:2], band[2] if len(band) > 2 else (0, width)
    row, column, channel = np.ogrid[:rows, :width, :3]
    pixels = ((7 * column + 13 * row + 3 * row * column + 59 * channel) % 256).astype(np.uint8)
    if other or (colour and len(band) < 3):
        pixels[:] = other or colour[0]
    if colour:
        pixels[:, :left] = pixels[:, right:] = colour[0]
    return pixels
