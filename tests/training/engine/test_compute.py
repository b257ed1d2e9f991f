"""Devices, and batches made ahead by a thread or by processes."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import NamedTuple

import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.engine import compute
from pocketshelf_training.samplers.pool_batches import Batch


class Pair(NamedTuple):
    left: torch.Tensor
    count: int


def given(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    compute.add_arguments(parser)
    return parser.parse_args(words)


# In a process of its own: workers are forked, and the tests' own process may have threads of other libraries.
IN_PROCESSES = """
import os
import torch
from pocketshelf_training.engine.compute import ahead

def make(step):
    if step == 6:
        raise ValueError("a photo is gone")
    return torch.full((2,), step), os.getpid()

batches = ahead(make, range(3, 9), workers=2)
found = [next(batches) for _ in range(3)]
assert [rows.tolist() for rows, _ in found] == [[3, 3], [4, 4], [5, 5]]
assert len({process for _, process in found} - {os.getpid()}) == 2
try:
    next(batches)
except ValueError as error:
    assert "a photo is gone" in str(error)
else:
    raise AssertionError("no error")
assert list(ahead(make, range(0), workers=2)) == []
print("well")
"""


def test_batches_come_in_the_order_of_their_steps() -> None:
    def make(step: int) -> Pair:
        time.sleep(0.02 if step == 3 else 0.0)
        return Pair(torch.full((2,), step), step)

    found = list(compute.ahead(make, range(3, 9)))
    assert [pair.count for pair in found] == [3, 4, 5, 6, 7, 8]
    assert [pair.left.tolist() for pair in found] == [[step] * 2 for step in range(3, 9)]


def test_processes_make_the_same_batches_and_hand_on_their_errors() -> None:
    command = [sys.executable, "-c", IN_PROCESSES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr


def test_what_a_maker_raises_reaches_the_training() -> None:
    def make(step: int) -> int:
        if step == 1:
            raise ValueError("a photo is gone")
        return step

    batches = compute.ahead(make, range(3))
    assert next(batches) == 0
    with pytest.raises(ValueError, match="a photo is gone"):
        next(batches)


def test_no_steps_are_no_batches() -> None:
    assert list(compute.ahead(lambda step: step, range(0))) == []


def test_a_device_that_is_not_there_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="leave --device out"):
        compute.choose(given("--device", "cuda"))
    with pytest.raises(UsageError, match="cpu, cuda and auto"):
        compute.choose(given("--device", "tpu"))


def test_without_a_gpu_one_thread_makes_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    args = given()
    assert compute.choose(args) == torch.device("cpu")
    assert args.workers == 0
    args = given("--workers", "3")
    compute.choose(args)
    assert args.workers == 3


def test_a_moved_batch_keeps_what_is_no_tensor() -> None:
    rows = torch.arange(2)
    batch = Batch(torch.zeros(2, 3, 4, 4), rows, rows, rows > 0, rows, rows, {"shop": slice(0, 2)})
    there = compute.moved(batch, torch.device("meta"))
    assert there.images.device.type == there.turns.device.type == "meta"
    assert there.parts == {"shop": slice(0, 2)}
    pair = compute.moved(Pair(rows, 7), torch.device("meta"))
    assert (pair.left.device.type, pair.count) == ("meta", 7)
    assert compute.moved(None, torch.device("meta")) is None


@pytest.mark.parametrize(
    ("capability", "computed"), [("AVX2", torch.float32), ("AVX512", torch.bfloat16), ("AMX", torch.bfloat16)]
)
def test_a_processor_without_bfloat16_keeps_to_float32(
    monkeypatch: pytest.MonkeyPatch, capability: str, computed: torch.dtype
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    with compute.half(compute.CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == computed
