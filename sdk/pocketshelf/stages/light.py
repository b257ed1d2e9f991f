"""Light: what the colours of a photo would be if there were enough of it, and if it were white.

A palette (`pocketshelf.stages.colours`) is of colours as they come. A shop's pictures are taken in a
studio's light; a shopper's photo in a bar, where a cream shirt is brown, or under a lamp, where it is
orange; through a window that mirrors the sky, where it is pale. So a photo that seems too dark, tinted or
veiled is compared as it came, and lifted, in white light, or without its veil. The likeliest counts: what
seems little light, or tinted, may be a dark thing that fills the frame, or a red one. A photo in black and
white says nothing of colours.
"""

from __future__ import annotations

import functools

import numpy as np

from pocketshelf.stages.colours import palette_of

__all__ = ["Light"]

# All that follows was chosen on split val, on photos darkened and tinted (docs/light.md).
# A photo whose brightest hundredth is below DARK is lifted so far that it comes to LIFTED.
_BRIGHTEST, DARK, LIFTED = 0.99, 200, 250
# What is blacker than this says nothing of the light.
_LEAST = 8
# A veil is white: where the darkest hundredth of every channel is no darker than VEILED, all alike, and
# darker than the brightest, most of it is taken off: the darkest thing need not be black.
_DARKEST, VEILED, _VEIL, _EVEN, _LEAST_RANGE = 0.01, 60, 0.8, 20, 30
# A frame whose channels differ by no more at any pixel is in black and white: a camera's never is.
GREY = 1
# The tint of the light: means of this power ("Shades of gray and colour constancy", Finlayson and Trezzi,
# CIC 2004, who take as much).
_POWER = 6
_POWERS = np.arange(256.0) ** _POWER
# Channels that differ by less are of white light; and no channel is changed by more.
TINTED, _MOST = 1.08, 1.5


class Light:
    """The light of a photo; nothing is computed before somebody asks.

    Levels of sRGB are multiplied, as light would be: their curve is a power's, near enough.

    Args:
        frame: uint8 (n, m, 3), the photo's frame, as `pocketshelf.stages.colours.looked_at` gives it.
    """

    def __init__(self, frame: np.ndarray) -> None:
        self._frame = frame

    @functools.cached_property
    def is_grey(self) -> bool:
        """Whether the photo is in black and white."""
        return int((self._frame.max(axis=-1) - self._frame.min(axis=-1)).max()) <= GREY

    @functools.cached_property
    def lift(self) -> float:
        """What the levels are multiplied by, as there is too little light; 1 where there is enough."""
        return 1.0 if self._top >= DARK else LIFTED / max(self._top, _LEAST)

    @functools.cached_property
    def veil(self) -> float:
        """What is taken off the levels, as something pale lies over all; 0 where nothing does."""
        levels = np.sort(self._frame.reshape(-1, 3), axis=0)
        lows = levels[int(_DARKEST * len(levels))].tolist()
        least, most = min(lows), max(lows)
        is_veil = least >= VEILED and most - least <= _EVEN and self._top - least >= _LEAST_RANGE
        return _VEIL * least if is_veil else 0.0

    @functools.cached_property
    def _top(self) -> float:
        brightest = np.sort(self._frame.max(axis=-1), axis=None)
        return float(brightest[int(_BRIGHTEST * len(brightest))])

    @functools.cached_property
    def whitening(self) -> tuple[float, float, float] | None:
        """What red, green and blue are multiplied by for white light; None where it is white."""
        seen = np.maximum(_POWERS[self._frame].reshape(-1, 3).mean(axis=0) ** (1 / _POWER), 1.0)
        red, green, blue = np.clip(np.cbrt(seen.prod()) / seen, 1 / _MOST, _MOST).tolist()
        return (red, green, blue) if max(red, green, blue) >= TINTED * min(red, green, blue) else None

    def palettes_of(self, pixels: np.ndarray) -> list[str]:
        """A part's palettes: as it came and, where they differ, lifted, in white light and without a veil.

        None of a photo in black and white.

        Args:
            pixels: uint8 (48, 48, 3), of `pocketshelf.stages.colours.looked_at`.
        """
        if self.is_grey:
            return []
        lights: list[tuple[float, ...]] = [(1.0, 1.0, 1.0), (self.lift,) * 3]
        if self.whitening is not None:
            lights.append(tuple(self.lift * factor for factor in self.whitening))
        found = [palette_of(_times(pixels, np.array(light))) for light in dict.fromkeys(lights)]
        if self.veil:
            clear = np.maximum(pixels - self.veil, 0.0)
            found.append(palette_of(_times(clear, np.full(3, LIFTED / (self._top - self.veil)))))
        return list(dict.fromkeys(found))


def _times(pixels: np.ndarray, factors: np.ndarray) -> np.ndarray:
    if (factors == 1).all():
        return pixels
    return np.minimum(np.rint(pixels * factors), 255).astype(np.uint8)
