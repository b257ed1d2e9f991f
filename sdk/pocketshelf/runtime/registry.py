"""Which runtime runs which model file. A new runtime is one file and one `register` call."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pocketshelf.errors import BundleError, RuntimeUnavailable

if TYPE_CHECKING:  # A command's help needs no numpy, and it imports this package.
    import numpy as np

__all__ = ["ModelRunner", "open_model", "register"]


class ModelRunner(Protocol):
    """A loaded model of static shape; safe to call from several threads, one at a time runs.

    The files' runners come from `open_model`; a network in memory is one as well, behind the same `run`.
    """

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Run the model.

        Args:
            pixels: uint8 (1, h, w, 3), RGB.

        Returns:
            every output in the model's order, as float32.
        """


Opener = Callable[[Path, int], ModelRunner]


def _lazily(name: str) -> Opener:
    """The opener of the module ``name`` of this folder, which is imported when it is first called."""
    module = f"pocketshelf.runtime.{name}"
    return lambda path, threads: importlib.import_module(module).open_runner(path, threads)


_OPENERS = {".tflite": _lazily("litert"), ".pte": _lazily("executorch")}


def register(suffix: str, opener: Opener) -> None:
    """Let ``opener(path, threads)`` open the model files that end in ``suffix``, as in ".onnx"."""
    _OPENERS[suffix] = opener


def open_model(path: str | Path, threads: int = 1) -> ModelRunner:
    """Load a model file with the runtime that its suffix asks for.

    Raises:
        RuntimeUnavailable: no runtime is known for the suffix, or its library is not installed.
        BundleError: the file cannot be loaded, or its input is not uint8 (1, h, w, 3).
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _OPENERS:
        raise RuntimeUnavailable(
            f"{path}: no runtime for {suffix!r} files here; there are {', '.join(sorted(_OPENERS))}"
        )
    return _OPENERS[suffix](path, threads)


def check_input(path: Path, dtype: object, shape: tuple[int, ...]) -> None:
    """Refuse a model whose one input is not uint8 (1, h, w, 3).

    Raises:
        BundleError: it is not.
    """
    import numpy as np

    if np.dtype(dtype) != np.uint8 or len(shape) != 4 or shape[0] != 1 or shape[3] != 3:  # type: ignore[call-overload]
        raise BundleError(f"{path}: its input is {np.dtype(dtype)} {list(shape)}, not uint8 [1, h, w, 3]")  # type: ignore[call-overload]
