"""What tells a picture that is not the right way up: by how many quarters it is to be turned."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf.formats.turned_head import NAMES, TurnedHead

UPRIGHT, SIDEWAYS, OVER = np.eye(3, dtype=np.float32)


def head(threshold: float = 0.7) -> TurnedHead:
    return TurnedHead(NAMES, 4 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32), threshold)


@pytest.mark.parametrize(("vector", "turns"), [(UPRIGHT, ()), (SIDEWAYS, (1, 3)), (OVER, (2,))])
def test_left_and_right_are_one(vector: np.ndarray, turns: tuple[int, ...]) -> None:
    assert head().turns(vector) == turns
    assert head().turns(7.5 * vector) == turns, "a vector of any length"


def test_what_is_not_sure_enough_is_not_turned() -> None:
    between = UPRIGHT + SIDEWAYS
    assert head().probabilities(between[None])[0] == pytest.approx([0.486, 0.486, 0.028], abs=0.002)
    assert head(0.49).turns(between) == ()
    assert head(0.48).turns(between) == (1, 3)
    assert head(0.02).turns(SIDEWAYS + OVER) == (1, 2, 3)
