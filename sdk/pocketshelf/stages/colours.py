"""Colours: what a thing is made of, as a few colours with their shares, and how alike two such palettes are.

An embedding that finds a product in another place learns to pass over light, and with it over some colour. So
what lies near by its vector is told apart by colours: a palette is compared as a histogram in CIELAB, softly
binned, by the Bhattacharyya coefficient ("Color indexing", Swain and Ballard, IJCV 1991).
A catalogue's palettes are the attribute ``palette`` of its products, a text that travels as any other:
``2b2f3a:41 e9e5df:22``, colours in sRGB with their shares in percent; of several pictures behind semicolons.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Box, Hit

__all__ = [
    "MOST_PALETTES",
    "PALETTE",
    "WEIGHT",
    "by_colour",
    "fallen",
    "first_palettes",
    "histograms",
    "joined",
    "looked_at",
    "palette_of",
    "palettes_in",
]

PALETTE = "palette"
# Cosine that wholly other colours cost: of 0.2 to 0.5, which are alike on val (docs/colours.md).
WEIGHT = 0.3
# Colours of a palette, and pictures of a product that have one.
MOST_COLOURS, MOST_PALETTES = 8, 8
# What is looked at: the crop squashed to so many pixels a side, its middle more than its edge.
SIDE = 48
_CROP = Preprocessing((SIDE, SIDE), max_aspect=1e6)
_MIDDLE = 20.0
# A ground: so much of the frame's edge is within so much of one colour. It is left out, unless next to
# nothing would be left.
_GROUND_SHARE, _GROUND_DISTANCE, _LEAST = 0.6, 12.0, 0.05
# Sides of a cell of CIELAB, whose pixels make one colour; and of a bin.
_CELL = np.array([20.0, 15.0, 15.0], np.float32)
# Greys lie in the middle of a cell, not where four meet.
_OFFSET = np.array([0.0, 0.5, 0.5], np.float32)
# Of a* and b*; further out counts as there.
_FURTHEST = 60.0
_BINS = (7, 10, 10)
_SIZE = 700
_CORNERS = np.array(list(itertools.product((0, 1), repeat=3)))
_TOKEN = re.compile(r"([0-9a-f]{6}):([0-9]{1,3})")
_TO_LINEAR = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255], np.float32
)
# From linear sRGB to XYZ, as shares of the white of D65 (IEC 61966-2-1).
_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
) / np.array([[0.9505], [1.0], [1.089]], np.float32)


def looked_at(photo: Photo, box: Box | None = None) -> np.ndarray:
    """The pixels whose colours are told, uint8 (48, 48, 3).

    Args:
        box: in the photo's own pixels; the frame if None.
    """
    return photo.network_input(_CROP, None if box is None else photo.to_decoded(box))


def palette_of(pixels: np.ndarray) -> str:
    """The palette of what `looked_at` gave, as an attribute's text.

    Pixels of a plain ground are left out; those of one cell of CIELAB, 20 by 15 by 15, make a colour, their
    mean; the eight with the largest shares are named, largest first.
    """
    rgb, lab = pixels.reshape(-1, 3), _lab(pixels)
    weights = (_MIDDLE_WEIGHTS * _is_thing(lab)).reshape(-1)
    cells = np.floor(lab.reshape(-1, 3) / _CELL + _OFFSET).astype(np.int64) + 64
    _, inverse = np.unique(cells @ np.array([1 << 16, 1 << 8, 1]), return_inverse=True)
    mass = np.bincount(inverse, weights)
    largest = np.argsort(-mass, kind="stable")[:MOST_COLOURS]
    largest = largest[mass[largest] > 0]
    sums = np.stack([np.bincount(inverse, weights * rgb[:, channel]) for channel in range(3)], axis=1)
    means = np.rint(sums[largest] / mass[largest, None]).astype(int)
    shares = np.rint(100 * mass[largest] / mass[largest].sum()).astype(int)
    named = zip(means.tolist(), shares.tolist(), strict=True)
    return " ".join(f"{red:02x}{green:02x}{blue:02x}:{share}" for (red, green, blue), share in named if share)


def joined(palettes: Iterable[str]) -> str:
    """The attribute's text for the palettes of a product's pictures, the first eight."""
    return "; ".join(itertools.islice(palettes, MOST_PALETTES))


def first_palettes(stated: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of each product's attributes the palette of its first picture; an empty text where there is none."""
    return [next(iter(palettes_in(attributes.get(PALETTE))), "") for attributes in stated]


def palettes_in(text: Any) -> list[str]:
    """What `joined` joined; what the palettes say is not looked at, and what is no text has none."""
    return [each.strip() for each in text.split(";")[:MOST_PALETTES]] if isinstance(text, str) else []


def histograms(palettes: Sequence[str]) -> np.ndarray:
    """The square roots of palettes' shares in the bins of CIELAB, float32 (n, 700), each of length 1.

    Each colour is shared by the eight bins around it. The dot product of two is their likeness, 0 to 1; what
    is no palette has zeros.
    """
    rows, colours, shares = [], [], []
    for row, palette in enumerate(palettes):
        for colour, share in _named(palette):
            rows.append(row)
            colours.append(bytes.fromhex(colour))
            shares.append(int(share))
    rgb = np.frombuffer(b"".join(colours), np.uint8).reshape(-1, 3)
    lab = _lab(rgb)
    ab = np.clip(lab[:, 1:] + _FURTHEST, 0, 2 * _FURTHEST)
    places = np.concatenate([np.clip(lab[:, :1], 0, 100), ab], axis=1) / _CELL
    low = np.floor(places).astype(np.int64)
    near = places - low
    parts = np.where(_CORNERS[:, None], near, 1 - near).prod(axis=2) * np.array(shares, np.float32)
    corners = (low + _CORNERS[:, None]).reshape(-1, 3)
    bins = np.ravel_multi_index(
        (np.tile(np.array(rows, np.int64), len(_CORNERS)), *corners.T), (len(palettes), *_BINS)
    )
    filled = np.bincount(bins, parts.reshape(-1), len(palettes) * _SIZE).reshape(-1, _SIZE)
    return np.sqrt(filled / np.maximum(filled.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _named(palette: str) -> list[tuple[str, str]]:
    """The colours and shares of a palette; nothing of what is none."""
    words = palette.split(" ", MOST_COLOURS)
    found = [match.groups() for word in words if (match := _TOKEN.fullmatch(word))]
    return found if len(found) == len(words) <= MOST_COLOURS else []  # type: ignore[return-value]


def by_colour(hits: Sequence[Hit], colours: np.ndarray, kinds: Sequence[Hashable] = ()) -> list[Hit]:
    """``hits`` in their order when colours count: see `fallen`.

    The best of the new order has the score that the best had before, and the others are as far behind as
    they have fallen. Hits of several kinds are compared by colour among those of their own alone, so that no
    colour decides of which kind the first is.

    Args:
        hits: with the scores of their vectors.
        colours: `histograms` of what is searched for, (700,) or several (n, 700), of which the likest counts.
        kinds: of each hit; all are of one kind if none are named.
    """
    ordered: list[Hit] = []
    for kind in dict.fromkeys(kinds or [None]):
        own = [hit for hit, of in zip(hits, kinds, strict=True) if of == kind] if kinds else hits
        found = fallen(own, colours)
        lead = max((hit.score for hit in own), default=0.0) - max((hit.score for hit in found), default=0.0)
        ordered += [replace(hit, score=hit.score + lead) for hit in found]
    return sorted(ordered, key=lambda hit: -hit.score)


def fallen(hits: Sequence[Hit], colours: np.ndarray, among: Iterable[Hit] = ()) -> list[Hit]:
    """``hits``, each with its score less `WEIGHT` times what it is less alike than the likest.

    What states no palette falls as the others do on average, so that nothing is gained by stating none; where
    none of ``hits`` does, as of a server that tells no attributes, none falls.

    Args:
        among: more that was found for it, with which ``hits`` are compared.
    """
    compared = [*hits, *among]
    likeness = _likeness([hit.attributes for hit in compared], colours)
    if np.isnan(likeness[: len(hits)]).all():
        return list(hits)
    known = likeness[~np.isnan(likeness)]
    fall = WEIGHT * (known.max() - np.where(np.isnan(likeness), known.mean(), likeness))
    return [replace(hit, score=hit.score - float(by)) for hit, by in zip(hits, fall, strict=False)]


def _likeness(stated: Sequence[Mapping[str, Any]], colours: np.ndarray) -> np.ndarray:
    """Of each product's likest picture, float (n,); nan of one that states no palette that can be read."""
    palettes = [palettes_in(attributes.get(PALETTE)) for attributes in stated]
    owners = np.repeat(np.arange(len(palettes)), [len(each) for each in palettes])
    found = histograms([palette for each in palettes for palette in each])
    likeness, there = (found @ np.atleast_2d(colours).T).max(axis=1), found.any(axis=1)
    best = np.full(len(palettes), -1.0)
    np.maximum.at(best, owners[there], likeness[there])
    return np.where(best < 0, np.nan, best)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """uint8 (…, 3) sRGB to float32 (…, 3): CIELAB of D65 (CIE 15:2004, 8.2.1)."""
    xyz = _TO_LINEAR[rgb] @ _TO_XYZ.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _is_thing(lab: np.ndarray) -> np.ndarray:
    """Bool (48, 48): what is not of the plain ground, where there is one."""
    edge = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    # The median of an even number; numpy's own would load what a search does not need (numpy.ma).
    ground = np.sort(edge, axis=0)[len(edge) // 2 - 1 : len(edge) // 2 + 1].mean(axis=0)
    if (np.linalg.norm(edge - ground, axis=1) < _GROUND_DISTANCE).mean() <= _GROUND_SHARE:
        return np.ones(lab.shape[:2], bool)
    thing: np.ndarray = np.linalg.norm(lab - ground, axis=2) >= _GROUND_DISTANCE
    return thing if thing.mean() >= _LEAST else np.ones(lab.shape[:2], bool)


def _middle() -> np.ndarray:
    away = ((np.arange(SIDE) - (SIDE - 1) / 2) / _MIDDLE) ** 2
    return np.exp(-(away[:, None] + away[None, :]))


_MIDDLE_WEIGHTS = _middle()
