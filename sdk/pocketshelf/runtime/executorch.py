"""ExecuTorch (``.pte``) by ``executorch.runtime``, which needs torch; imported when first used."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import BundleError, RuntimeUnavailable, one_line
from pocketshelf.runtime.registry import ModelRunner

__all__ = ["open_runner"]


def open_runner(path: Path, threads: int) -> ModelRunner:
    """Load a ``.pte`` file; see `pocketshelf.runtime.open_model`. ``threads`` of 1 is torch's own setting."""
    try:
        from executorch.runtime import Runtime, Verification  # isort: skip  (fails sooner than torch loads)
        import torch
    except ImportError as error:
        raise RuntimeUnavailable(
            f"{path}: .pte files need ExecuTorch; install it with 'pip install executorch', "
            "or use a bundle with .tflite files"
        ) from error
    torch.set_num_threads(threads)
    try:
        program = Runtime.get().load_program(str(path), verification=Verification.InternalConsistency)
        return _ExecuTorchRunner(path, program.load_method("forward"), torch.from_numpy)
    except (RuntimeError, ValueError, OSError) as error:
        raise BundleError(f"{path}: ExecuTorch cannot load it ({one_line(error)})") from error


class _ExecuTorchRunner:
    def __init__(self, path: Path, method: Any, to_tensor: Any) -> None:
        if method is None:
            raise BundleError(f"{path}: has no method 'forward'")
        self._path = path
        self._method = method
        self._to_tensor = to_tensor
        self._lock = threading.Lock()

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        with self._lock:
            try:
                outputs = self._method.execute((self._to_tensor(pixels),))
            except RuntimeError as error:
                raise BundleError(
                    f"{self._path}: does not take uint8 {list(pixels.shape)} ({error})"
                ) from error
            # The runtime hands out its own memory, which the next call overwrites.
            return [output.numpy().astype(np.float32, copy=True) for output in outputs]
