import numpy as np
import torch

from pocketshelf_training.samplers.views import (
    colour_jitter,
    random_erasing,
    random_view,
    shop_on_background,
)


def test_views_are_repeatable_and_sized():
    pixels = np.random.default_rng(0).integers(0, 256, (90, 60, 3), dtype=np.uint8)
    one = [random_view(pixels, 32, np.random.default_rng(5)) for _ in range(3)]
    assert one[0].shape == (32, 32, 3) and one[0].dtype == np.uint8
    assert all(np.array_equal(one[0], other) for other in one)
    assert not np.array_equal(one[0], random_view(pixels, 32, np.random.default_rng(6)))


def test_a_one_pixel_picture_survives():
    view = random_view(np.full((1, 1, 3), 7, np.uint8), 32, np.random.default_rng(0))
    assert view.shape == (32, 32, 3) and (view == 7).all()


def test_the_cut_out_replaces_only_its_place():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[20:44, 20:44] = (200, 0, 0)
    background = np.zeros((64, 64, 3), np.uint8)
    pasted = shop_on_background(picture, background, np.random.default_rng(1))
    red = pasted[..., 0] > 150
    assert 0.03 < red.mean() < 0.2  # 24 x 24 of 64 x 64, scaled by 0.55 to 1
    assert pasted.max(axis=2)[~(pasted[..., 0] > 0)].max() == 0  # no white ground came along


def test_jitter_stays_in_range_and_differs_by_image():
    x = torch.full((4, 3, 8, 8), 128.0)
    out = colour_jitter(x, torch.Generator().manual_seed(0))
    assert out.min() >= 0 and out.max() <= 255
    assert len({round(v, 3) for v in out.mean((1, 2, 3)).tolist()}) == 4


def test_erasing_covers_a_bounded_part():
    x = torch.zeros(50, 3, 32, 32)
    covered = (random_erasing(x, np.random.default_rng(0), share=1.0)[:, 0] > 0).float().mean((1, 2))
    assert (covered > 0).all() and covered.max() <= 0.25
