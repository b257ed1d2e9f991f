"""Where a training computes, and who makes its batches meanwhile.

A batch is a pure function of its step (and of the run's seed), so that neither the device nor the number
of workers changes what a training sees.
"""

from __future__ import annotations

import argparse
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.engine.allocator import keep_freed_memory

__all__ = ["CPU", "add_arguments", "ahead", "choose", "device_of", "half", "moved", "placed"]

Batch = TypeVar("Batch")
Network = TypeVar("Network", bound=nn.Module)
CPU = torch.device("cpu")
# What PyTorch calls processors that have no units for bfloat16.
SLOW_IN_HALF = ("DEFAULT", "AVX2")
# Batches that wait, ready, before a worker rests.
AHEAD = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--device`` and ``--workers``; see `choose`."""
    parser.add_argument(
        "--device", default="auto", help="cpu, cuda, or auto: the GPU where there is one (default: auto)"
    )
    parser.add_argument(
        "--workers",
        type=values.whole,
        metavar="N",
        help="processes that make batches (default: half the cores beside a GPU, else one thread)",
    )


def choose(args: argparse.Namespace) -> torch.device:
    """The device of ``--device``; ``args.workers`` gets its default.

    Raises:
        UsageError: no such device, or none here.
    """
    name = args.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise UsageError(f"--device {name}: there are cpu, cuda and auto")
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: PyTorch finds no GPU here; leave --device out")
    if args.workers is None:
        args.workers = max(1, (os.cpu_count() or 1) // 2) if name == "cuda" else 0
    if name == "cuda":
        # Pictures come in a few sizes only: the fastest convolution is worth looking for.
        torch.backends.cudnn.benchmark = True
        # Of each size it takes half a minute to try all that cuDNN knows.
        torch.backends.cudnn.benchmark_limit = 3
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
    else:
        # Teachers look at all pictures before the first step.
        keep_freed_memory()
    return torch.device(name)


def device_of(network: nn.Module) -> torch.device:
    """Where its weights are."""
    return next(network.parameters()).device


def placed(network: Network, device: torch.device = CPU) -> Network:
    """``network`` on ``device``, its weights laid out for images in channels_last."""
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def half(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 where that is enough: what a teacher says, figures to look at on the way.

    A processor without instructions for it computes in float32, which is many times faster there.
    """
    fast = device.type != CPU.type or torch.backends.cpu.get_cpu_capability() not in SLOW_IN_HALF
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def moved(value: Any, device: torch.device) -> Any:
    """Tensors, and whatever holds them (dataclass, dictionary, tuple), on ``device``; the rest as it is."""
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, dict):
        return {name: moved(each, device) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: moved(getattr(value, f.name), device) for f in fields(value)})
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(moved(each, device) for each in value))
    return value


def ahead(make: Callable[[int], Batch], steps: range, workers: int = 0) -> Iterator[Batch]:
    """``make(step)`` of every step in order, made while the caller computes.

    Args:
        workers: processes; 0: one thread, which keeps up with training on a few cores.

    Raises:
        whatever ``make`` raises.
    """
    if not workers or not steps:
        return _by_thread(make, steps)
    loader = DataLoader(
        _Made(make),
        sampler=steps,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=AHEAD,
        multiprocessing_context="fork",
    )
    return iter(loader)


def _by_thread(make: Callable[[int], Batch], steps: range) -> Iterator[Batch]:
    """Pillow and NumPy let go of the interpreter while they work."""
    left = iter(steps)
    with ThreadPoolExecutor(1, "batches") as maker:
        waiting = deque(maker.submit(make, step) for step in islice(left, AHEAD))
        try:
            while waiting:
                batch = waiting.popleft().result()
                if (step := next(left, None)) is not None:
                    waiting.append(maker.submit(make, step))
                yield batch
        finally:
            maker.shutdown(wait=False, cancel_futures=True)


class _Made(Dataset):
    """What is made of each step, as PyTorch's loader wants it."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.make = make

    def __getitem__(self, step: int) -> Any:
        return self.make(step)
