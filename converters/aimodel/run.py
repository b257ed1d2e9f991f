"""Runs an ``.aimodel`` by the runtime that coreai-core brings: the system's on macOS, else an interpreter."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np

from converters.toolchains import quiet

__all__ = ["AimodelRunner"]


class AimodelRunner:
    """uint8 (1, h, w, 3) to the outputs of the file's function ``main``.

    Raises:
        ConversionError: the runtime cannot load the file, or fails.
    """

    def __init__(self, path: Path, outputs: Sequence[str]) -> None:
        from coreai.authoring import AIModelAsset

        self._outputs = tuple(outputs)
        self._loop = asyncio.new_event_loop()
        held = AsyncExitStack()
        self._close = weakref.finalize(self, _close, self._loop, held)
        with quiet(f"loading {path.name}"):
            asset = AIModelAsset.load(path)
            model = self._loop.run_until_complete(held.enter_async_context(asset.executable()))
            self._function = model.load_function("main")

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        from coreai.runtime import NDArray

        inputs: dict[str, Any] = {"image": NDArray(np.ascontiguousarray(image))}
        found: dict[str, Any] = self._loop.run_until_complete(self._function(inputs))
        return [np.array(found[name].numpy()) for name in self._outputs]


def _close(loop: asyncio.AbstractEventLoop, held: AsyncExitStack) -> None:
    """Gives back the model, and the files that it was lowered to."""
    if not loop.is_closed():
        loop.run_until_complete(held.aclose())
        loop.close()
