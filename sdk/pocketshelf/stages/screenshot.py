"""Screenshots: the picture in a phone's page.

Who sees a jacket in a feed takes a screenshot of it. Two thirds of that are bars, buttons and lines of text
around a picture as wide as the screen, in which a detector sees less, and the frame's own embedding less
still. A page's ground is of one colour to its last pixel, which no camera's is; so the picture begins where
that ends along a line across the page, and only it is searched.
"""

from __future__ import annotations

import numpy as np

from pocketshelf.stages.preprocess import Photo

__all__ = ["picture_rows", "shown_in"]

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


def shown_in(photo: Photo) -> tuple[Photo, float]:
    """The picture in a screenshot, and how far down it begins, in the photo's own pixels; else it, and 0."""
    rows = picture_rows(photo.thumbnail(_SIDE))
    if rows is None:
        return photo, 0.0
    top, bottom = rows
    return photo.rows(top, bottom), float(round(top * photo.height))


def picture_rows(page: np.ndarray) -> tuple[float, float] | None:
    """Where the picture of a page begins and ends, as shares of the page's height; None where there is none.

    Args:
        page: uint8 (h, w, 3), a small copy.
    """
    levels = page.astype(np.int16)
    height, width = levels.shape[:2]
    side = max(1, round(_MARGIN * width))
    margins, colour = np.concatenate([levels[:, :side], levels[:, -side:]], axis=1), levels[:, :1]
    plain = (margins.max(axis=1) - margins.min(axis=1)).max(axis=1) <= _ALIKE
    if not (plain[0] or plain[-1]):
        return None  # As of most photos.
    empty = plain & ((_apart(levels, colour) <= _ALIKE).sum(axis=1) >= _EMPTY * width)
    # A page begins or ends with its ground: of these two colours the one that more of its empty rows are of.
    alike = [_apart(colour, colour[row])[:, 0] <= _ALIKE for row in (0, -1)]
    of_page = plain & max(alike, key=lambda rows: int((rows & empty).sum()))
    ground = of_page & empty
    # A line lies between two rows, or within one that is of both: three rows on, all is different.
    differs = (_apart(levels[3:], levels[:-3]) > _LINE).sum(axis=1) >= _ACROSS * width
    tops = [row + 3 for row in np.flatnonzero(differs & ground[:-3]).tolist()]
    ends = [row + 1 for row in np.flatnonzero(differs & ground[3:]).tolist()]
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
    return (top / height, end / height) if worth > 0 else None


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """By how much the pixels of (…, 3) differ in the channel that differs most."""
    red, green, blue = np.moveaxis(np.abs(one - other), -1, 0)
    return np.maximum(np.maximum(red, green), blue)
