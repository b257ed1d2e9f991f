"""Two pictures of a thing find one another."""

import torch
from torch.nn import functional

from pocketshelf_training.losses.contrastive import contrastive


def unit(*rows: list[float]) -> torch.Tensor:
    return functional.normalize(torch.tensor(rows), dim=1)


def test_right_pairs_cost_less_than_wrong_ones() -> None:
    first, second = unit([1.0, 0], [0, 1.0]), unit([1.0, 0.1], [0.1, 1.0])
    things = torch.tensor([0, 1])
    right = contrastive(first, second, things, 10.0)
    wrong = contrastive(first, second.flip(0), things, 10.0)
    assert (right < 0.01).all() and (wrong > 5).all()


def test_the_same_thing_in_another_pair_is_no_negative() -> None:
    first = unit([1.0, 0], [1.0, 0])
    same = contrastive(first, first, torch.tensor([7, 7]), 10.0)
    other = contrastive(first, first, torch.tensor([7, 8]), 10.0)
    assert (same < 1e-3).all() and (other > 1.0).all()
