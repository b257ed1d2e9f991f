"""What can be measured of a photo in a millisecond: light, sharpness, lines, colours.

Everything is measured on one small copy of the frame, `WORKING_SIDE` pixels at its longest side: about what
the networks see. A photo whose blur is gone at that size is sharp enough for them.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["PIXEL_SIGNALS", "WORKING_SIDE", "pixel_signals"]

# A quarter of the longer side that photos are decoded to, so that nothing but whole factors is averaged.
WORKING_SIDE = 250
# Levels of 255: what counts as an edge, as clipped, as one colour.
_EDGE, _WHITE, _BLACK, _FLAT = 12, 250, 8, 6
_TILE = 16

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
    "bar_rows",
    "bar_columns",
    "colours",
    "side",
)
"""Names of `pixel_signals`, in order."""


def pixel_signals(small: np.ndarray, side: int) -> dict[str, float]:
    """The signals of `PIXEL_SIGNALS`.

    Args:
        small: uint8 (h, w, 3), its longer side `WORKING_SIDE`, as `Photo.thumbnail` makes it.
        side: pixels of the photo's own shorter side.
    """
    small = _at_least(small, 2 * _TILE)
    grey = _grey(small)
    across, down = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
    edges = np.maximum(across[:-1], down[:, :-1])
    found = (
        *_light(np.ascontiguousarray(small[::2, ::2]), np.ascontiguousarray(grey[::2, ::2])),
        *_sharpness(grey),
        *_texture(edges),
        *_lines(across, down),
        *_bars(grey),
        _colours(small[::2, ::2]),
        math.log2(max(side, 1)),
    )
    return dict(zip(PIXEL_SIGNALS, map(float, found), strict=True))


def _at_least(small: np.ndarray, side: int) -> np.ndarray:
    """A strip's edge pixels are repeated, so that there is something to measure."""
    missing = [max(0, side - length) for length in small.shape[:2]]
    return np.pad(small, ((0, missing[0]), (0, missing[1]), (0, 0)), "edge") if any(missing) else small


def _grey(small: np.ndarray) -> np.ndarray:
    """int16 (h, w): luma in 0 to 255, by ITU-R BT.601's weights in 8 bits."""
    red, green, blue = (small[..., i].astype(np.uint16) for i in range(3))
    return ((77 * red + 150 * green + 29 * blue) >> 8).astype(np.int16)


def _middle(values: np.ndarray) -> np.ndarray:
    """The middle half of each side: where the thing is that a photo is about."""
    h, w = values.shape[:2]
    return values[h // 4 : h - h // 4, w // 4 : w - w // 4]


def _light(small: np.ndarray, grey: np.ndarray) -> tuple[float, ...]:
    """Percentiles of luma in [0, 1], shares of clipped pixels, mean saturation."""
    counts = np.bincount(grey.ravel(), minlength=256)
    reached = np.cumsum(counts) / grey.size
    low, half, high = (int(np.searchsorted(reached, share)) / 255 for share in (0.05, 0.5, 0.95))
    red, green, blue = (small[..., i] for i in range(3))
    brightest = np.maximum(np.maximum(red, green), blue)
    darkest = np.minimum(np.minimum(red, green), blue)
    return (
        low,
        half,
        high,
        _middle(grey).mean() / 255,
        (grey >= _WHITE).mean(),
        (_middle(brightest) >= _WHITE).mean(),
        reached[_BLACK],
        (brightest - darkest).mean() / 255,
    )


def _sharpness(grey: np.ndarray) -> tuple[float, float]:
    """How steep the strongest edges are, and how much fine detail the sharpest part has.

    Steepness: of the edges over 8 pixels, how much of the step one pixel takes; 1/8 is a ramp, 1 a cliff. It
    does not depend on contrast. Detail: the logarithm of the Laplacian's energy in the sharpest tiles.
    """
    # Every fourth line says enough.
    steep = max(_steepness(grey[::4]), _steepness(np.ascontiguousarray(grey.T[::4])))
    middle = grey[1:-1, 1:-1]
    bent = 4 * middle - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    tiles = np.sort(_tiles(np.abs(bent)).ravel())
    return steep, math.log2(1 + float(tiles[-max(1, len(tiles) // 10) :].mean()))


def _steepness(grey: np.ndarray, reach: int = 8) -> float:
    step = np.abs(np.diff(grey, axis=1))
    whole = np.abs(grey[:, reach:] - grey[:, :-reach])
    steepest = step[:, : whole.shape[1]].copy()
    for shift in range(1, reach):
        np.maximum(steepest, step[:, shift : shift + whole.shape[1]], out=steepest)
    strong = whole >= max(2 * _EDGE, int(_percentile(whole[:, ::2], 0.95)))
    return float(np.mean(np.minimum(steepest[strong] / whole[strong], 1.0))) if strong.any() else 0.0


def _percentile(values: np.ndarray, share: float) -> float:
    """As `numpy.quantile` says, which loads masked arrays for it."""
    place = share * (values.size - 1)
    low = int(place)
    ends = (low, min(low + 1, values.size - 1))
    below, above = np.partition(values, ends, axis=None)[list(ends)]
    return float(below) + (float(above) - float(below)) * (place - low)


def _tiles(values: np.ndarray) -> np.ndarray:
    """Means (rows, columns) of whole tiles of `_TILE` pixels."""
    rows, columns = max(1, values.shape[0] // _TILE), max(1, values.shape[1] // _TILE)
    cut = values[: rows * _TILE, : columns * _TILE]
    return cut.reshape(rows, cut.shape[0] // rows, columns, -1).mean(axis=(1, 3), dtype=np.float32)


def _texture(edges: np.ndarray) -> tuple[float, float, float]:
    """Share of tiles that are full of edges, the same of the rim, and share of pixels of one colour."""
    busy = _tiles((edges >= _EDGE).astype(np.uint8)) > 0.15
    rim = np.concatenate([busy[0], busy[-1], busy[:, 0], busy[:, -1]])
    return busy.mean(), rim.mean(), (edges == 0).mean()


def _lines(across: np.ndarray, down: np.ndarray) -> tuple[float, float]:
    """Share of the width that the longest straight line across has; the same of the height.

    The outer tenth does not count: what is there is a frame's edge, not a seam between pictures.
    """
    rows, columns = (down >= _EDGE).mean(axis=1), (across >= _EDGE).mean(axis=0)
    return _inner(rows).max(), _inner(columns).max()


def _inner(profile: np.ndarray) -> np.ndarray:
    tenth = len(profile) // 10
    return profile[tenth : len(profile) - tenth]


def _bars(grey: np.ndarray) -> tuple[float, float]:
    """Share of rows, and of columns, at the edges of the frame that are of one colour."""
    return tuple(_bar(each) for each in (grey, grey.T))  # type: ignore[return-value]


def _bar(grey: np.ndarray) -> float:
    sampled = grey[:, ::4]
    plain = sampled.max(axis=1) - sampled.min(axis=1) < _FLAT
    if plain.all():
        return 1.0
    return (int(np.argmin(plain)) + int(np.argmin(plain[::-1]))) / len(plain)


def _colours(small: np.ndarray) -> float:
    """How many of 64 colours fill more than a hundredth of the frame."""
    bins = small >> 6
    codes = (bins[..., 0] << 4) | (bins[..., 1] << 2) | bins[..., 2]
    return float((np.bincount(codes.ravel(), minlength=64) > codes.size / 100).sum())
