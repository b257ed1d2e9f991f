"""Seconds, pictures a second, and the share of an epoch that waited for its batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_trainer import Line
from torch import Tensor

from pocketshelf_training.engine.speed import Speed
from pocketshelf_training.engine.trainer import Trainer


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_wait_for_batches_is_told_apart_from_the_work() -> None:
    clock = Clock()
    speed = Speed(clock)

    def slow() -> Iterator[int]:
        for number in range(3):
            clock.now += 2.0
            yield number

    for _ in speed.over(slow()):
        clock.now += 6.0
        speed.pictures += 4
    assert speed.waited == pytest.approx(6.0)
    assert speed.figures() == {"seconds": 24.0, "pictures_a_second": 0.5, "waiting": 0.25}


def test_what_a_batch_raises_comes_out() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        list(Speed().over(broken()))


class Counted(Line):
    """Says how many pictures a batch has."""

    def pictures(self, batch: Tensor) -> int:
        return len(batch)


def test_the_log_says_each_epoch_s_speed(tmp_path: Path) -> None:
    Trainer(Counted(epochs=2), tmp_path).train()
    Trainer(Line(epochs=1), tmp_path / "uncounted").train()
    first, second = (json.loads(line)["speed"] for line in (tmp_path / "log.jsonl").read_text().splitlines())
    for speed in (first, second):
        assert 0 <= speed["waiting"] <= 1
        assert speed["pictures_a_second"] > 0
    (uncounted,) = (tmp_path / "uncounted" / "log.jsonl").read_text().splitlines()
    assert "pictures_a_second" not in json.loads(uncounted)["speed"]
