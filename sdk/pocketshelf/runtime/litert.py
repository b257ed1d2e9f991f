"""LiteRT (``.tflite``) by ``ai-edge-litert``: the default runtime."""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import BundleError, RuntimeUnavailable, one_line
from pocketshelf.runtime.notices import without_notices
from pocketshelf.runtime.registry import ModelRunner, check_input
from pocketshelf.runtime.workers import own_threads

__all__ = ["open_runner"]


def open_runner(path: Path, threads: int) -> ModelRunner:
    """Load a ``.tflite`` file; see `pocketshelf.runtime.open_model`.

    With several threads a call has those that are not busy (`pocketshelf.runtime.workers`): each call beside
    others has a copy of the model, loaded when it is first needed.
    """
    runner = _open(path, threads)
    return runner if threads == 1 else _SideBySide(runner, threads, functools.partial(_open, path))


def _open(path: Path, threads: int) -> ModelRunner:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise RuntimeUnavailable(
            f"{path}: .tflite files need LiteRT; install it with 'pip install ai-edge-litert'"
        ) from error
    try:
        with without_notices():
            interpreter = Interpreter(model_path=str(path), num_threads=threads)
            interpreter.allocate_tensors()
        return _LiteRtRunner(path, interpreter)
    except (ValueError, RuntimeError, OSError) as error:
        raise BundleError(f"{path}: LiteRT cannot load it ({one_line(error)})") from error


class _SideBySide:
    def __init__(self, wide: ModelRunner, threads: int, open_copy: Callable[[int], ModelRunner]) -> None:
        self._wide, self._threads, self._open_copy = wide, threads, open_copy
        # Threads → copies, whose pop and append are atomic.
        self._idle: defaultdict[int, list[ModelRunner]] = defaultdict(list)

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        threads = own_threads(self._threads)
        if threads == self._threads:
            return self._wide.run(pixels)
        idle = self._idle[threads]
        try:
            copy = idle.pop()
        except IndexError:
            copy = self._open_copy(threads)
        try:
            return copy.run(pixels)
        finally:
            idle.append(copy)


class _LiteRtRunner:
    def __init__(self, path: Path, interpreter: Any) -> None:
        self._path = path
        self._interpreter = interpreter
        self._lock = threading.Lock()  # An interpreter's tensors are its own: one call at a time.
        inputs = interpreter.get_input_details()
        if len(inputs) != 1:
            raise BundleError(f"{path}: has {len(inputs)} inputs, not one")
        check_input(path, inputs[0]["dtype"], tuple(int(side) for side in inputs[0]["shape"]))
        self._input = inputs[0]
        self._outputs = interpreter.get_output_details()

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        if pixels.shape != tuple(self._input["shape"]) or pixels.dtype != np.uint8:
            raise BundleError(
                f"{self._path}: takes uint8 {list(self._input['shape'])}, not {list(pixels.shape)}"
            )
        with self._lock:
            self._interpreter.set_tensor(self._input["index"], pixels)
            self._interpreter.invoke()
            return [_as_float(self._interpreter.get_tensor(o["index"]), o) for o in self._outputs]


def _as_float(tensor: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    if tensor.dtype.kind == "f":
        return tensor.astype(np.float32, copy=False)
    scale, zero = detail["quantization"]
    return (tensor.astype(np.float32) - zero) * (scale or 1.0)
