"""Light: what is dark is told lifted as well, what is tinted in white light, and all else stays."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf.stages.colours import histograms, looked_at, palette_of
from pocketshelf.stages.light import DARK, GREY, LIFTED, TINTED, VEILED, Light
from pocketshelf.stages.preprocess import read_photo

SHIRT, WALL = (60, 90, 150), (235, 232, 228)


def photo(light: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    """A shirt before a wall, as few pixels, in so much of red, green and blue."""
    pixels = np.full((96, 96, 3), WALL, float)
    pixels[20:76, 28:68] = SHIRT
    return looked_at(read_photo((pixels * light).clip(0, 255).round().astype(np.uint8)))


def likeness(one: list[str], other: list[str]) -> float:
    return float((histograms(one) @ histograms(other).T).max())


def test_a_photo_in_enough_white_light_has_the_palette_that_it_had() -> None:
    light = Light(photo())
    assert (light.lift, light.whitening) == (1.0, None)
    assert light.palettes_of(photo()) == [palette_of(photo())]


@pytest.mark.parametrize("left", [0.7, 0.4, 0.2])
def test_what_is_dark_is_told_lifted_as_well(left: float) -> None:
    dim = photo((left,) * 3)
    light = Light(dim)
    assert light.lift * dim.max() == pytest.approx(LIFTED, abs=1)
    as_it_came, lifted = light.palettes_of(dim)
    assert as_it_came == palette_of(dim)
    assert likeness([lifted], [palette_of(photo())]) > 0.8
    if left < 0.7:
        assert likeness([palette_of(dim)], [palette_of(photo())]) < 0.5


@pytest.mark.parametrize("tint", [(1.0, 0.85, 0.6), (0.75, 0.9, 1.05)])
def test_what_is_tinted_is_told_in_white_light_as_well(tint: tuple[float, float, float]) -> None:
    tinted = photo(tint)
    as_it_came, white = Light(tinted).palettes_of(tinted)
    assert as_it_came == palette_of(tinted)
    assert likeness([white], [palette_of(photo())]) > likeness([as_it_came], [palette_of(photo())]) + 0.15


def test_what_is_dark_and_tinted_is_told_in_three_ways() -> None:
    found = Light(photo((0.4, 0.32, 0.24))).palettes_of(photo((0.4, 0.32, 0.24)))
    likely = [likeness([each], [palette_of(photo())]) for each in found]
    assert len(found) == 3 and likely == sorted(likely), "as it came, lifted, and in white light"


def test_the_bounds_of_the_dark_and_of_a_tint() -> None:
    for level, lift in ((DARK, 1.0), (DARK - 1, LIFTED / (DARK - 1))):
        frame = np.zeros((48, 48, 3), np.uint8)
        frame.reshape(-1, 3)[:24] = level  # A hundredth and one pixel.
        assert Light(frame).lift == lift
        frame.reshape(-1, 3)[:24, 1:] = 0
        assert Light(frame).lift == lift, "the brightest channel counts"
    for share, whitens in ((TINTED + 0.02, True), (TINTED - 0.02, False)):
        light = Light(np.full((48, 48, 3), (round(100 * share), 100, 100), np.uint8))
        assert (light.whitening is not None) == whitens


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_what_is_veiled_is_told_without_its_veil_as_well(share: float) -> None:
    seen = photo().copy()
    seen[:, :2] = 10  # Somewhere it is dark.
    pale = (seen * (1 - share) + 255 * share).astype(np.uint8)
    assert Light(seen).veil == 0 and Light(pale).veil == pytest.approx(0.8 * pale.min(), abs=3)
    as_it_came, *_, clear = Light(pale).palettes_of(pale)
    assert as_it_came == palette_of(pale)
    assert likeness([clear], [palette_of(seen)]) > likeness([as_it_came], [palette_of(seen)]) + 0.2


def test_the_bounds_of_a_veil() -> None:
    for darkest, brightest, veil in (
        ((VEILED,) * 3, 250, 0.8 * VEILED),
        ((VEILED + 20, VEILED, VEILED + 5), 250, 0.8 * VEILED),
        ((VEILED + 21, VEILED, VEILED), 250, 0.0),
        ((VEILED, VEILED - 1, VEILED), 250, 0.0),
        ((220,) * 3, 250, 0.8 * 220),
        ((221,) * 3, 250, 0.0),
    ):
        frame = np.full((48, 48, 3), brightest, np.uint8)
        frame.reshape(-1, 3)[:24] = darkest  # A hundredth and one pixel.
        assert Light(frame).veil == veil


def test_no_light_and_one_colour_of_it_are_told_as_well() -> None:
    black = np.zeros((48, 48, 3), np.uint8)
    coat = np.full((48, 48, 3), 25, np.uint8)
    coat[0, 0] = 23, 25, 24
    assert Light(coat).palettes_of(coat) == ["191919:100", "fafafa:100"], "dark, or in little light"
    red = black.copy()
    red[..., 0] = 230
    light = Light(red)
    assert light.whitening == (1 / 1.5, 1.5, 1.5), "no channel is changed by more"
    assert light.palettes_of(red) == ["e60000:100", "990000:100"]


def test_levels_stop_at_white() -> None:
    frame = np.full((48, 48, 3), 100, np.uint8)
    frame[0, 0] = 98, 100, 99
    bright = np.full((48, 48, 3), 255, np.uint8)
    assert Light(frame).palettes_of(bright) == ["ffffff:100"]


def test_a_photo_in_black_and_white_says_nothing_of_colours() -> None:
    grey = photo().mean(axis=-1, keepdims=True).round().astype(np.uint8).repeat(3, axis=-1)
    assert Light(grey).palettes_of(grey) == []
    shirt = np.array([[[90, 91, 90]]], np.uint8).repeat(48, 0).repeat(48, 1)
    assert Light(shirt).palettes_of(shirt) == [], f"channels that differ by {GREY}"
    shirt[7, 7] = 90, 92, 90
    assert Light(shirt).palettes_of(shirt)[:1] == [palette_of(shirt)], "one pixel of a camera's is enough"
