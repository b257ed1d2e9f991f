"""What reading costs beside its gain: bytes installed, memory, and a page full of print (drawn)."""

from __future__ import annotations

import resource
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pocketshelf.reading import open_reader

__all__ = ["costs"]

# What the extra brings that neither the package itself nor `closely` does.
BROUGHT = (
    "rapidocr",
    "onnxruntime",
    "rapidfuzz",
    "shapely",
    "pyclipper",
    "omegaconf",
    "antlr4-python3-runtime",
    "colorlog",
    "six",
    "protobuf",
    "flatbuffers",
    "requests",
    "PyYAML",
)
SIDE, LINE, COLUMN, LETTERS = 1000, 20, 110, 14


def costs() -> dict[str, float]:
    """Megabytes on disk and in memory, and seconds of one thread's time for a page full of print.

    To be called before anything was read, or the memory is not that of reading.

    Raises:
        RuntimeUnavailable: the extra ``read`` is not installed.
    """
    reader, page, before = open_reader(), _page(), _peak()
    reader.read(page)  # Loads.
    after, started = _peak(), time.process_time()
    reader.read(page)
    seconds = time.process_time() - started
    return {
        "MB": round(_installed() / 1e6, 1),
        "MB in memory": round(after - before, 1),
        "page s": round(seconds, 2),
    }


def _page() -> np.ndarray:
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    drawn, font = ImageDraw.Draw(picture), ImageFont.load_default(size=LETTERS)
    for y in range(0, SIDE, LINE):
        for x in range(0, SIDE, COLUMN):
            drawn.text((x, y), f"word{x + y} sale", fill="black", font=font)
    return np.array(picture)


def _peak() -> float:
    """Megabytes of this process's memory at its most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _installed() -> int:
    paths = (Path(str(file.locate())) for name in BROUGHT for file in metadata.files(name) or ())
    return sum(path.stat().st_size for path in paths if path.exists())
