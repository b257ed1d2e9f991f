import numpy as np
import pytest

from pocketshelf_training.embedder.boxes import activation_box


def test_the_box_surrounds_the_strong_part():
    heat = np.zeros((10, 20))
    heat[2:5, 4:8] = 1.0
    heat[9, 19] = 0.2  # below the threshold
    assert activation_box(heat, 0.35) == pytest.approx((4 / 20, 2 / 10, 4 / 20, 3 / 10))


def test_a_flat_map_gives_the_frame():
    assert activation_box(np.zeros((7, 7)), 0.35) == (0, 0, 1, 1)
