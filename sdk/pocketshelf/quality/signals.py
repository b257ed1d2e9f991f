"""What can be measured of a photo in a millisecond: light, sharpness, lines, colours.

Everything is measured on one small copy of the frame, `WORKING_SIDE` pixels at its longest side: about what
the networks see. A photo whose blur is gone at that size is sharp enough for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

from pocketshelf.stages.preprocess.resize import Picture

__all__ = ["PIXEL_SIGNALS", "WORKING_SIDE", "pixel_signals"]

# A quarter of the longer side that photos are decoded to, so that nothing but whole factors is averaged.
WORKING_SIDE = 250
# Levels of 255: what counts as an edge, as clipped, as one colour.
_EDGE, _WHITE, _BLACK, _FLAT = 12, 250, 8, 6
_TILE = 16
# Pixels over which an edge rises.
_REACH = 8

PIXEL_SIGNALS = (
    "light_low",
    "light",
    "light_high",
    "light_middle",
    "white",
    "white_middle",
    "black",
    "saturation",
    "steepness",
    "detail",
    "busy",
    "busy_rim",
    "flat",
    "line_row",
    "line_column",
    "seam_row",
    "seam_column",
    "bar_rows",
    "bar_columns",
    "colours",
    "side",
)
"""Names of `pixel_signals`, in order."""


def pixel_signals(small: Picture, side: int) -> dict[str, float]:
    """The signals of `PIXEL_SIGNALS`.

    Args:
        small: RGB, its longer side `WORKING_SIDE`, as `Photo.thumbnail` makes it.
        side: pixels of the photo's own shorter side.
    """
    planes = tuple(_at_least(plane, 2 * _TILE) for plane in _planes(small))
    grey = _grey(*planes)
    across, down = _apart(grey[:, 1:], grey[:, :-1]), _apart(grey[1:], grey[:-1])
    # Every fourth line says enough; what looks along columns has them as rows, which lie in one piece.
    lines, columns = grey[::4], np.ascontiguousarray(grey[:, ::4].T)
    halves = [np.ascontiguousarray(plane[::2, ::2]) for plane in (*planes, grey)]
    found = (
        *_light(*halves),
        max(_steepness(lines), _steepness(columns)),
        _detail(grey),
        *_texture(np.maximum(across[:-1], down[:, :-1])),
        *_straight(across, down),
        _bar(columns),
        _bar(lines),
        _colours(*halves[:3]),
        math.log2(max(side, 1)),
    )
    return dict(zip(PIXEL_SIGNALS, map(float, found), strict=True))


def _planes(small: Picture) -> Iterable[np.ndarray]:
    """Red, green and blue, uint8 (h, w) each: numpy works on these several times as fast as on pixels."""
    if isinstance(small, Image.Image):
        size = small.height, small.width
        return [np.frombuffer(small.tobytes("raw", band), np.uint8).reshape(size) for band in "RGB"]
    return np.ascontiguousarray(small.transpose(2, 0, 1))


def _at_least(plane: np.ndarray, side: int) -> np.ndarray:
    """A strip's edge pixels are repeated, so that there is something to measure."""
    missing = [max(0, side - length) for length in plane.shape]
    return np.pad(plane, [(0, more) for more in missing], "edge") if any(missing) else plane


def _grey(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """uint8 (h, w): luma, by ITU-R BT.601's weights in 8 bits."""
    luma = red * np.uint16(77)
    luma += green * np.uint16(150)
    luma += blue * np.uint16(29)
    luma >>= 8
    return luma.astype(np.uint8)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """|one - other| of uint8, which their difference would not hold."""
    apart = np.maximum(one, other)
    apart -= np.minimum(one, other)
    return apart


def _middle(values: np.ndarray) -> np.ndarray:
    """The middle half of each side: where the thing is that a photo is about."""
    h, w = values.shape
    return values[h // 4 : h - h // 4, w // 4 : w - w // 4]


def _share(chosen: np.ndarray) -> float:
    """Share of what is true."""
    return np.count_nonzero(chosen) / chosen.size


def _mean(values: np.ndarray) -> float:
    return int(values.sum()) / values.size


def _light(red: np.ndarray, green: np.ndarray, blue: np.ndarray, grey: np.ndarray) -> tuple[float, ...]:
    """Percentiles of luma in [0, 1], shares of clipped pixels, mean saturation."""
    counts = np.bincount(grey.ravel(), minlength=256)
    reached = np.cumsum(counts) / grey.size
    low, half, high = (int(place) / 255 for place in np.searchsorted(reached, (0.05, 0.5, 0.95)))
    brightest = np.maximum(np.maximum(red, green), blue)
    darkest = np.minimum(np.minimum(red, green), blue)
    return (
        low,
        half,
        high,
        _mean(_middle(grey)) / 255,
        int(counts[_WHITE:].sum()) / grey.size,
        _share(_middle(brightest) >= _WHITE),
        reached[_BLACK],
        _mean(brightest - darkest) / 255,
    )


def _steepness(grey: np.ndarray) -> float:
    """How steep the strongest edges along rows are.

    Of the edges over `_REACH` pixels: how much of the step one pixel takes; 1/8 is a ramp, 1 a cliff. It
    does not depend on contrast.
    """
    # In one piece, which is faster; where it goes on in the next row is cut off.
    piece = np.concatenate([grey, np.zeros((1, grey.shape[1]), np.uint8)]).ravel()[: grey.size + _REACH]
    steepest, whole = _apart(piece[1:], piece[:-1]), _apart(piece[_REACH:], piece[:-_REACH])
    for further in (1, 2, 4):  # The steepest of 2, 4 and 8 steps from here.
        steepest = np.maximum(steepest[further:], steepest[:-further])
    steepest, whole = (each.reshape(grey.shape)[:, :-_REACH] for each in (steepest, whole))
    strong = whole >= max(2 * _EDGE, int(_percentile(whole[:, ::2], 0.95)))
    if not strong.any():
        return 0.0
    return float(np.minimum(steepest[strong] / whole[strong], 1.0).mean())


def _percentile(values: np.ndarray, share: float) -> float:
    """Of uint8, as `numpy.quantile` says, which loads masked arrays for it."""
    place = share * (values.size - 1)
    low = int(place)
    reached = np.cumsum(np.bincount(values.ravel()))
    below, above = reached.searchsorted((low, min(low + 1, values.size - 1)), "right")
    return int(below) + (int(above) - int(below)) * (place - low)


def _detail(grey: np.ndarray) -> float:
    """How much fine detail the sharpest part has: the logarithm of the Laplacian's energy in those tiles."""
    # In one piece, as above.
    (rows, width), piece = grey.shape, grey.astype(np.int16).ravel()
    size = (rows - 2) * width
    bent = 4 * piece[width : width + size]
    for first in (0, 2 * width, width - 1, width + 1):
        bent -= piece[first : first + size]
    tiles = np.sort(_tiles(np.abs(bent, out=bent).reshape(-1, width)[:, 1:-1]), axis=None)
    return math.log2(1 + float(tiles[-max(1, len(tiles) // 10) :].mean()))


def _tiles(values: np.ndarray) -> np.ndarray:
    """Float32 means (rows, columns) of whole tiles of `_TILE` pixels, whose columns' sums the type holds."""
    rows, columns = values.shape[0] // _TILE, values.shape[1] // _TILE
    cut = values[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, -1)
    sums = cut.sum(axis=1, dtype=values.dtype).reshape(rows, columns, _TILE).sum(axis=2, dtype=np.int32)
    return sums.astype(np.float32) / _TILE**2


def _texture(edges: np.ndarray) -> tuple[float, float, float]:
    """Share of tiles that are full of edges, the same of the rim, and share of pixels of one colour."""
    busy = _tiles((edges >= _EDGE).view(np.uint8)) > 0.15
    rim = np.concatenate([busy[0], busy[-1], busy[:, 0], busy[:, -1]])
    return _share(busy), _share(rim), _share(edges == 0)


def _straight(across: np.ndarray, down: np.ndarray) -> tuple[float, float, float, float]:
    """Shares of the width and of the height that the straightest lines across and down have; so of seams.

    A seam is what a line has more than any of those two to four lines beside it: a pavement is full of edges
    line by line, but between two pictures there is one line.
    """
    rows = (down >= _EDGE).sum(axis=1, dtype=np.int16)
    columns = (across >= _EDGE).sum(axis=0, dtype=np.int16)
    lines = [(_inner(counts).max(), _seam(counts)) for counts in (rows, columns)]
    (row, seam_row), (column, seam_column) = lines
    width, height = down.shape[1], across.shape[0]
    return int(row) / width, int(column) / height, int(seam_row) / width, int(seam_column) / height


def _inner(profile: np.ndarray) -> np.ndarray:
    """Without the outer tenth: what is there is a frame's edge, not a seam between pictures."""
    tenth = len(profile) // 10
    return profile[tenth : len(profile) - tenth]


def _seam(counts: np.ndarray) -> int:
    first, count = max(4, len(counts) // 10), len(counts)
    around = [counts[first + by : count - first + by] for by in (-4, -3, -2, 2, 3, 4)]
    return int((counts[first : count - first] - np.maximum.reduce(around)).max())


def _bar(lines: np.ndarray) -> float:
    """Share of the columns of ``lines``, at the frame's edges, that are of one colour."""
    plain = lines.max(axis=0) - lines.min(axis=0) < _FLAT
    if plain.all():
        return 1.0
    return (int(np.argmin(plain)) + int(np.argmin(plain[::-1]))) / len(plain)


def _colours(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> int:
    """How many of 64 colours fill more than a hundredth of the frame."""
    codes = ((red >> 6) << 4) | ((green >> 6) << 2) | (blue >> 6)
    return int(np.count_nonzero(np.bincount(codes.ravel(), minlength=64) > codes.size / 100))
