"""Boxes move with the pixels they are around."""

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.samplers.pictures import Picture, colour, cover, flip, mosaic, squash, view


def picture(box: tuple[int, int, int, int] = (30, 20, 70, 60), size: tuple[int, int] = (100, 80)) -> Picture:
    """Black, with a white rectangle at the box."""
    image = Image.new("RGB", size)
    image.paste((255, 255, 255), box)
    return Picture(image, np.array([box], np.float32), np.array([3]))


def white(image: Image.Image) -> list[int]:
    """Corners of what is white."""
    rows, columns = np.nonzero(np.asarray(image)[..., 0] > 127)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_flip():
    made = flip(picture((10, 20, 30, 60)))
    assert made.boxes.tolist() == [[70, 20, 90, 60]]
    assert white(made.image) == [70, 20, 90, 60]


def test_squash_follows_the_window():
    made = squash(picture(), (20, 0, 100, 80), (160, 40))
    assert made.boxes.tolist() == [[20, 10, 100, 30]]
    assert white(made.image) == pytest.approx([20, 10, 100, 30], abs=1)


def test_a_box_mostly_outside_goes():
    assert len(squash(picture(), (60, 0, 100, 80), (40, 40)).boxes) == 0
    assert len(squash(picture(), (50, 0, 100, 80), (40, 40)).boxes) == 1


@pytest.mark.parametrize("seed", range(20))
def test_views_keep_box_and_pixels_together(seed):
    made = view(picture(), 64, np.random.default_rng(seed))
    assert made.image.size == (64, 64)
    assert len(made.boxes) == 1
    if made.image.getpixel((0, 0)) == (0, 0, 0):  # else a grey canvas, where white is no sign
        assert made.boxes[0] == pytest.approx(white(made.image), abs=1.5)


def test_strength_zero_is_the_frame():
    made = view(picture(), 64, np.random.default_rng(0), strength=0.0)
    assert made.boxes[0] == pytest.approx([30 * 0.64, 20 * 0.8, 70 * 0.64, 60 * 0.8], abs=0.01)


def test_mosaic_holds_all_four():
    made = mosaic([picture((10, 10, 90, 70))] * 4, 128, np.random.default_rng(1))
    assert made.image.size == (128, 128)
    assert len(made.boxes) == 4
    centres = (made.boxes[:, :2] + made.boxes[:, 2:]) / 2
    assert [tuple(c > 64) for c in centres] == [(False, False), (True, False), (False, True), (True, True)]
    for x, y in centres.astype(int):
        assert made.image.getpixel((int(x), int(y))) == (255, 255, 255)


def test_colour_is_reproducible_and_leaves_the_size():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint8))
    first, second = (colour(image, np.random.default_rng(5)) for _ in range(2))
    assert first.size == image.size
    assert first.tobytes() == second.tobytes() != image.tobytes()


def test_what_is_covered_is_dropped():
    assert len(cover(picture(), np.array([[25, 15, 75, 65]], np.float32)).boxes) == 0
    assert len(cover(picture(), np.array([[25, 15, 45, 65]], np.float32)).boxes) == 1
