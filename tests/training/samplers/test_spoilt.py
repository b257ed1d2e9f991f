"""What spoils a photo for a training: each thing by itself, and all of them drawn."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf_training.samplers.spoilt import fingers, phone, shaken, spoilt


def checked(size: int = 96) -> np.ndarray:
    """A chessboard of two blues, so that skin is told from it."""
    y, x = np.mgrid[:size, :size] // 8
    return np.where(((x + y) % 2)[..., None], (40, 60, 200), (20, 30, 120)).astype(np.uint8)


def test_a_shake_goes_along_a_line() -> None:
    dot = np.zeros((64, 64, 3), np.uint8)
    dot[32, 32] = 255
    moved = shaken(dot, 0.2, np.random.default_rng(0)).astype(int)
    rows, columns = np.nonzero(moved[..., 0])
    length = np.hypot(np.ptp(rows), np.ptp(columns))
    assert length == pytest.approx(0.2 * 64, abs=2), "as long as was said"
    assert len(rows) < 2 * length, "and thin"
    assert np.array_equal(shaken(checked(), 0.2, np.random.default_rng(0)).shape, (96, 96, 3))


@pytest.mark.parametrize("seed", range(8))
def test_what_holds_a_thing_covers_a_part_of_it(seed: int) -> None:
    photo = checked()
    for draw, most in ((phone, 0.6), (fingers, 0.6)):
        held = draw(photo, np.random.default_rng(seed))
        changed = (held != photo).any(axis=-1)
        assert 0.01 < changed.mean() < most
        assert np.array_equal(photo, checked()), "the photo itself stays"


def test_fingers_come_from_every_border() -> None:
    photo = np.zeros((96, 96, 3), np.uint8)
    sides = set()
    for seed in range(24):
        rim = fingers(photo, np.random.default_rng(seed)).any(axis=-1)
        lit = {"top": rim[0], "bottom": rim[-1], "left": rim[:, 0], "right": rim[:, -1]}
        sides.add(max(lit, key=lambda side: lit[side].sum()))
    assert sides == {"top", "bottom", "left", "right"}


def test_a_photo_is_spoilt_in_many_ways_and_by_its_seed_alone() -> None:
    photo, made = checked(), [spoilt(checked(), np.random.default_rng(seed)) for seed in range(60)]
    assert all(each.shape == photo.shape and each.dtype == np.uint8 for each in made)
    assert np.array_equal(made[7], spoilt(photo, np.random.default_rng(7)))
    grey = [seed for seed, each in enumerate(made) if np.ptp(each, axis=-1).max() == 0]
    same = [seed for seed, each in enumerate(made) if np.array_equal(each, photo)]
    assert grey and same and len(grey) + len(same) < 40
