"""Screenshots: the picture in a phone's page.

Who sees a jacket in a feed takes a screenshot of it. Two thirds of that are bars, buttons and lines of text
around a picture as wide as the screen, in which a detector sees less, and the frame's own embedding less
still. A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where
that ends along a line across the page, and only it is searched.
"""

from __future__ import annotations

import numpy as np

from pocketshelf.stages.preprocess import Photo

__all__ = ["picture_in", "shown_in"]

# The copy that is looked at, its longer side: the judge's.
_SIDE = 250
# What differs by no more is of one colour; a line across the page differs by more, in so much of its width.
_ALIKE, _LINE, _ACROSS = 6, 12, 0.6
# How much of either side tells whether a row is of the page, and of a row without anything in it the ground.
_MARGIN, _EMPTY = 0.02, 0.9
# Of the height: what a picture takes. A screen so many times as high as wide may have a bar at one end alone.
_LEAST, _MOST, _TALL = 0.25, 0.9, 1.9
# A row of the page in the midst of the picture counts against it as so many of its own count for it.
_AGAINST = 4
# A card keeps away from either side of its page by no more, of the width.
_AWAY = 0.08


def shown_in(photo: Photo) -> tuple[Photo, tuple[float, float]]:
    """The picture in a screenshot, and where it begins in the photo's own pixels; else the photo, (0, 0)."""
    part = picture_in(photo.thumbnail(_SIDE))
    if part is None:
        return photo, (0.0, 0.0)
    return photo.part(part), (float(round(part[0] * photo.width)), float(round(part[1] * photo.height)))


def picture_in(page: np.ndarray) -> tuple[float, float, float, float] | None:
    """The picture of a page: left, top, right and bottom, as shares of its sides; None where there is none.

    Args:
        page: uint8 (h, w, 3), a small copy.
    """
    levels = page.astype(np.int16)
    height, width = levels.shape[:2]
    plain = _plain(levels)
    if not (plain[0] or plain[-1]):
        return None  # As of most photos.
    ground = _ground(levels, plain)
    rows, left, right = _rows(levels, plain, ground), 0, width
    if rows is None:
        # The sides of a page with cards are of its ground, whatever stands between.
        others = np.flatnonzero((_apart(levels, ground) <= _ALIKE).sum(axis=0) <= (1 - _LEAST) * height)
        left, right = (int(others[0]), int(others[-1]) + 1) if len(others) else (0, 0)
        if max(left, width - right) <= _AWAY * width:
            rows = _rows(levels[:, left:right], _plain(levels[:, left:right]), ground)
    if rows is None:
        return None
    return left / width, rows[0] / height, right / width, rows[1] / height


def _plain(levels: np.ndarray) -> np.ndarray:
    """Which rows are of one colour at both ends."""
    side = max(1, round(_MARGIN * levels.shape[1]))
    ends = np.concatenate([levels[:, :side], levels[:, -side:]], axis=1)
    plain: np.ndarray = (ends.max(axis=1) - ends.min(axis=1)).max(axis=1) <= _ALIKE
    return plain


def _ground(levels: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """The page's colour: it begins or ends with it, and of these two more of its empty rows are of that."""
    colour = levels[:, :1]
    empty = plain & _full(levels, colour)
    first, last = (int(((_apart(colour, end)[:, 0] <= _ALIKE) & empty).sum()) for end in colour[[0, -1]])
    ground: np.ndarray = colour[-1] if last > first else colour[0]
    return ground


def _rows(levels: np.ndarray, plain: np.ndarray, ground: np.ndarray) -> tuple[int, int] | None:
    """The picture's first row and the one behind its last; None where it is not as wide as ``levels``."""
    height, width = levels.shape[:2]
    of_page = plain & (_apart(levels[:, 0], ground) <= _ALIKE)
    bare = of_page & _full(levels, levels[:, :1])
    # A line lies between two rows, or within one that is of both: three rows on, all is different.
    differs = (_apart(levels[3:], levels[:-3]) > _LINE).sum(axis=1) >= _ACROSS * width
    tops = [row + 3 for row in np.flatnonzero(differs & bare[:-3]).tolist()]
    ends = [row + 1 for row in np.flatnonzero(differs & bare[3:]).tolist()]
    if height >= _TALL * width:
        tops, ends = [0, *tops], [*ends, height]
    own = np.concatenate([[0], np.cumsum(np.where(of_page, -_AGAINST, 1))]).tolist()
    found = [
        (own[end] - own[top], top, end)
        for top in tops
        for end in ends
        if _LEAST * height <= end - top <= _MOST * height
    ]
    worth, top, end = max(found, default=(0, 0, 0))
    return (top, end) if worth > 0 else None


def _full(levels: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Which rows are next to all of one colour."""
    full: np.ndarray = (_apart(levels, colour) <= _ALIKE).sum(axis=1) >= _EMPTY * levels.shape[1]
    return full


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """By how much the pixels of (…, 3) differ in the channel that differs most."""
    red, green, blue = np.moveaxis(np.abs(one - other), -1, 0)
    return np.maximum(np.maximum(red, green), blue)
