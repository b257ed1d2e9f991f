"""The running average of weights."""

from __future__ import annotations

import pytest
from torch import nn

from pocketshelf_training.engine.average import WeightAverage


def scalar(value: float) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


@pytest.mark.parametrize(("begun", "first"), [(1, 9 / 10), (2, 9 / 11)])
def test_the_average_follows_and_ends_between(begun: int, first: float) -> None:
    layer = scalar(0.0)
    average = WeightAverage(layer, decay=0.9, begun=begun)
    nn.init.constant_(layer.weight, 1.0)
    average.update_parameters(layer)
    assert average.module.weight.item() == pytest.approx(first)  # early: the start counts for little
    for _ in range(200):
        average.update_parameters(layer)
    assert average.module.weight.item() == pytest.approx(1.0, abs=1e-4)


def test_once_warm_it_keeps_its_decay_also_after_a_stop() -> None:
    average = WeightAverage(scalar(0.0), decay=0.9)
    for _ in range(100):
        average.update_parameters(scalar(0.0))
    again = WeightAverage(scalar(5.0), decay=0.9)
    again.load_state_dict(average.state_dict())
    again.update_parameters(scalar(1.0))
    assert again.module.weight.item() == pytest.approx(0.1)


def test_statistics_are_averaged_and_counts_taken_over() -> None:
    norm = nn.BatchNorm1d(2)
    average = WeightAverage(norm, decay=0.9)
    norm.running_mean.fill_(10.0)  # type: ignore[union-attr]
    norm.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    average.update_parameters(norm)
    assert average.module.running_mean.tolist() == pytest.approx([9.0, 9.0])
    assert average.module.num_batches_tracked == 7
    assert not average.module.training
    assert not any(p.requires_grad for p in average.module.parameters())
