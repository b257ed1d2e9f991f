"""Cutting products out of white ground, and composing them."""

import numpy as np
from PIL import Image

from pocketshelf_training.data.goods import compose, cut_out, paste


def shop_picture() -> np.ndarray:
    """A red frame with a white window, on white ground: the window is inside, so it stays."""
    pixels = np.full((80, 100, 3), 252, np.uint8)
    pixels[20:70, 30:90] = (200, 20, 20)
    pixels[30:50, 45:70] = 255
    return pixels


def test_only_ground_connected_to_the_border_goes():
    piece = cut_out(shop_picture())
    alpha = np.asarray(piece)[..., 3]
    assert abs(piece.width - 60) <= 2
    assert abs(piece.height - 50) <= 2
    assert alpha[20, 25] == 255  # the white window
    assert alpha[5, 5] == 255


def test_ground_in_a_bay_goes():
    pixels = shop_picture()
    pixels[30:50, 70:] = 255  # the window opens to the right
    alpha = np.asarray(cut_out(pixels))[..., 3]
    assert alpha[20, 25] == 0


def test_a_picture_of_ground_alone_is_harmless():
    assert cut_out(np.full((20, 20, 3), 255, np.uint8)).size == (20, 20)


def test_paste_gives_the_corners_inside_the_frame():
    ground = Image.new("RGB", (50, 40))
    piece = Image.new("RGBA", (20, 10), (255, 0, 0, 255))
    box, outline = paste(ground, piece, (40, 5))
    assert box == (40, 5, 50, 15)
    assert outline.sum() == 100
    assert ground.getpixel((45, 10)) == (255, 0, 0)
    assert paste(ground, piece, (60, 60))[0] == (0, 0, 0, 0)


def test_composites_follow_from_the_seed_and_stay_in_the_frame():
    pieces = [cut_out(shop_picture())] * 5
    kinds = set()
    for seed in range(30):
        first, second = Image.new("RGB", (160, 120)), Image.new("RGB", (160, 120))
        boxes = compose(first, pieces, np.random.default_rng(seed))
        assert boxes == compose(second, pieces, np.random.default_rng(seed))
        assert first.tobytes() == second.tobytes()
        kinds.add(len(boxes))
        for x0, y0, x1, y1 in boxes:
            assert 0 <= x0 < x1 <= 160
            assert 0 <= y0 < y1 <= 120
            inside = np.asarray(first)[int(y0) : int(y1), int(x0) : int(x1)]
            assert inside.any()
    assert {1, 2} <= kinds
