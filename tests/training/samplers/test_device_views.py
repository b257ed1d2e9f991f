"""Views of a batch: repeatable, of the right form, and of their own picture."""

import torch

from pocketshelf_training.samplers.device_views import Strength, pasted, views


def pictures() -> torch.Tensor:
    images = torch.zeros(2, 64, 64, 3, dtype=torch.uint8)
    images[0, ..., 0] = 200
    images[1, ..., 2] = 200
    return images


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_views_follow_from_the_seed() -> None:
    first = views(pictures(), 32, Strength(), seeded(1))
    assert first.shape == (2, 3, 32, 32)
    assert torch.equal(first, views(pictures(), 32, Strength(), seeded(1)))
    assert not torch.equal(first, views(pictures(), 32, Strength(), seeded(2)))


def test_a_view_shows_its_own_picture() -> None:
    shown = views(pictures(), 32, Strength(hidden=0.0), seeded(3)).mean((2, 3))
    assert shown[0].argmax() == 0 and shown[1].argmax() == 2


def test_nothing_but_the_size_changes_without_strength() -> None:
    gradient = torch.arange(64, dtype=torch.uint8).view(1, 64, 1, 1).expand(1, 64, 64, 3).contiguous()
    plain = Strength(smallest=1.0, turn=0.0, tilt=0.0, colour=0.0, hidden=0.0)
    shown = views(gradient, 64, plain, seeded(4))
    rows = shown.mean((0, 1, 3))
    assert (rows.diff() > 0).all()


def test_fingers_cover_a_part_and_leave_the_rest() -> None:
    blue = torch.zeros(8, 64, 64, 3, dtype=torch.uint8)
    blue[..., 2] = 200
    plain = Strength(smallest=1.0, turn=0.0, tilt=0.0, colour=0.0, hidden=0.0, held=1.0)
    shown = views(blue, 64, plain, seeded(6))
    skin = (shown[:, 0] > shown[:, 2]).float().mean((1, 2))
    assert (skin < 0.7).all() and (skin > 0.01).sum() >= 6


def test_the_white_of_a_shop_picture_lets_the_ground_through() -> None:
    thing = torch.full((1, 64, 64, 3), 255, dtype=torch.uint8)
    thing[:, 16:48, 16:48] = torch.tensor([200, 10, 10], dtype=torch.uint8)
    ground = torch.full((1, 64, 64, 3), 60, dtype=torch.uint8)
    shown = pasted(thing, ground, seeded(5))
    assert (shown.min(3).values < 244).all()
    red = (shown[..., 0] > 150).sum()
    assert 0.2 * 32 * 32 < red < 1.1 * 32 * 32
    assert (shown[0, 0, 0] == 60).all()
