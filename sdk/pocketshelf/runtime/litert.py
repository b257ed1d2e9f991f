"""LiteRT (``.tflite``) by ``ai-edge-litert``: the default runtime."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import BundleError, RuntimeUnavailable, one_line
from pocketshelf.runtime.notices import without_notices
from pocketshelf.runtime.registry import ModelRunner, check_input
from pocketshelf.runtime.workers import is_worker

__all__ = ["open_runner"]


def open_runner(path: Path, threads: int) -> ModelRunner:
    """Load a ``.tflite`` file; see `pocketshelf.runtime.open_model`.

    With several threads a call has them all, but a call of a worker (`pocketshelf.runtime.workers`) only its
    own: each worker that runs at the same time has a copy of the model, loaded when it is first needed.
    """
    runner = _open(path, threads)
    return runner if threads == 1 else _SideBySide(runner, lambda: _open(path, 1))


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
    def __init__(self, wide: ModelRunner, open_narrow: Callable[[], ModelRunner]) -> None:
        self._wide, self._open_narrow = wide, open_narrow
        self._idle: list[ModelRunner] = []  # Whose pop and append are atomic.

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        if not is_worker():
            return self._wide.run(pixels)
        try:
            narrow = self._idle.pop()
        except IndexError:
            narrow = self._open_narrow()
        try:
            return narrow.run(pixels)
        finally:
            self._idle.append(narrow)


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
