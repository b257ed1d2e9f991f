"""Pictures that are seen several times: their boxes follow, and the oldest make room."""

import pytest
import torch

from pocketshelf_training.samplers.mixture_batches import Batch
from pocketshelf_training.samplers.replay import Replay, looks, replayed

SIDE = 40


def made(count: int, shade: int = 0) -> Batch:
    """Grey pictures with one white rectangle each, its box, and a second one that is padding."""
    images = torch.full((count, SIDE, SIDE, 3), 60 + shade, dtype=torch.uint8)
    images[:, 10:30, 4:14] = 250
    boxes = torch.tensor([[4.0, 10, 14, 30], [0, 0, 0, 0]]).repeat(count, 1, 1)
    return Batch(images, boxes, torch.tensor([[3, -1]]).repeat(count, 1))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(5)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_boxes_follow_what_they_are_around(strength):
    seen = looks(made(32), 80, strength, rng())
    assert seen.images.shape == (32, 80, 80, 3) and seen.images.dtype == torch.uint8
    kept = seen.groups[:, 0] == 3
    assert kept.sum() >= 24, "most parts show most of the rectangle"
    mirrored = 0
    for image, box in zip(seen.images[kept], seen.boxes[kept, 0], strict=True):
        bright = image.float().mean(-1)
        inside = bright > (bright.max() + bright.min()) / 2
        rows, columns = inside.any(1).nonzero()[:, 0], inside.any(0).nonzero()[:, 0]
        found = torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]).float()
        torch.testing.assert_close(found, box, atol=1.6, rtol=0)
        mirrored += bool(box[0] > 40)
    assert 0 < mirrored < kept.sum()


def test_a_box_that_is_cut_away_has_no_group():
    corner = Batch(
        torch.zeros(64, SIDE, SIDE, 3, dtype=torch.uint8),
        torch.tensor([[0.0, 0, 4, 4]]).repeat(64, 1, 1),
        torch.zeros(64, 1, dtype=torch.long),
    )
    seen = looks(corner, 40, 1.0, rng())
    gone = seen.groups[:, 0] == -1
    assert 0 < gone.sum() < 64
    assert (seen.boxes[gone] == 0).all()
    assert (seen.boxes[~gone, :, 2:] - seen.boxes[~gone, :, :2] >= 3).all()


def test_the_oldest_pictures_make_room():
    pool = Replay(4, (0, 1), torch.device("cpu"))
    pool.add(made(3))
    assert pool.count == 3
    pool.add(made(3, shade=40))
    assert pool.count == 4
    seen = pool.draw(64, 40, 0.0)
    # Of four places two were written again, and one holds a first picture still.
    grounds = {round(float(image.float().median()), -1) for image in seen.images}
    assert len(grounds) > 1
    assert seen.boxes.shape[1] == pool.boxes.shape[1]


def test_of_one_epoch_the_same_is_drawn_again_and_of_another_something_else():
    first, again, other = (
        list(replayed(iter([made(4), made(4)]), 2, 40, 1.0, Replay(8, (3, epoch), torch.device("cpu"))))
        for epoch in (1, 1, 2)
    )
    assert len(first) == 4 and all(len(batch.images) == 4 for batch in first)
    assert all(torch.equal(one.images, two.images) for one, two in zip(first, again, strict=True))
    assert not all(torch.equal(one.images, two.images) for one, two in zip(first, other, strict=True))
