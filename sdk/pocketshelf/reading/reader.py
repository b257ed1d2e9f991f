"""What is written in a picture, by RapidOCR (PP-OCRv6, small). Its models lie in its package: no network."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pocketshelf.errors import RuntimeUnavailable

__all__ = ["Line", "Reader", "is_available", "open_reader"]

NEEDS = ("rapidocr", "onnxruntime", "rapidfuzz", "cv2")
# So small a picture is read at twice its size, for print is small.
SMALL, LARGER = 400, 2
# A picture so many times as long as it is wide is not read: RapidOCR enlarges the shorter side to 736.
SLIVER = 4
# No more lines are looked for, whatever the photo: a page full of print costs no more.
MOST_LINES = 100
_REMEDY = "pip install 'pocketshelf[read]'"


class Line(NamedTuple):
    """One line of print.

    Attributes:
        text: as it was read.
        score: the recogniser's probability, in [0, 1].
        x, y: its middle, as shares of the picture's width and height.
    """

    text: str
    score: float
    x: float
    y: float


def is_available() -> bool:
    """Whether what reading needs is installed."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDS)


class Reader:
    """Reads pictures, one at a time, by one thread; safe to share between threads. Loads when first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recognise: Callable[..., Any] | None = None

    def read(self, pixels: np.ndarray) -> list[Line]:
        """The lines of print in uint8 (h, w, 3), sRGB order RGB, upright; surest first. None of a sliver.

        Raises:
            RuntimeUnavailable: RapidOCR is not installed, or does not load.
        """
        if max(pixels.shape[:2]) > SLIVER * min(pixels.shape[:2]):
            return []
        factor = LARGER if max(pixels.shape[:2]) < SMALL else 1
        with self._lock:
            recognise = self._loaded()
            cv2: Any = importlib.import_module("cv2")
            larger = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            # Lines that stand on their heads are rare, and not looked for.
            found = recognise(np.ascontiguousarray(larger[:, :, ::-1]), use_cls=False)
        if not found.txts:
            return []
        size = np.array(larger.shape[1::-1], np.float64)
        middles = [np.asarray(corners, np.float64).mean(axis=0) / size for corners in found.boxes]
        lines = [
            Line(str(text), float(score), float(x), float(y))
            for text, score, (x, y) in zip(found.txts, found.scores, middles, strict=True)
        ]
        return sorted(lines, key=lambda line: -line.score)

    def _loaded(self) -> Callable[..., Any]:
        if self._recognise is None:
            one = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
            try:
                module: Any = importlib.import_module("rapidocr")
                most = {"Det.max_candidates": MOST_LINES, "Global.log_level": "error"}
                self._recognise = module.RapidOCR(params={**one, **most})
            except Exception as error:  # It raises what its parts raise: of YAML, of ONNX Runtime, of OpenCV.
                raise RuntimeUnavailable(f"reading needs RapidOCR ({error}): {_REMEDY}") from error
        return self._recognise


def open_reader() -> Reader:
    """The process's own reader: its models take memory once.

    Raises:
        RuntimeUnavailable: what it needs is not installed.
    """
    if not is_available():
        raise RuntimeUnavailable(f"reading needs {', '.join(NEEDS)}: {_REMEDY}")
    return _shared()


@functools.cache
def _shared() -> Reader:
    return Reader()
