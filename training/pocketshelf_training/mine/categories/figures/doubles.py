"""Is a picture found again after it was changed, and are different pictures left alone?"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.mine.categories.figures.photos import Photo
from pocketshelf_training.mine.categories.purify.twins import BITS, fingerprints, twins

__all__ = ["CHANGES", "double_figures"]

TRIED = (8, 12, 16, 20, 24)
COUNT = 150


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.fromarray(decode_photo(stream.getvalue(), max(image.size)).pixels)


def _cropped(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((width // 40, height // 40, width - width // 40, height - height // 40))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "JPEG of quality 30": lambda image: _jpeg(image, 30),
    "a fifth brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "2.5 % cut off each side": _cropped,
}


def double_figures(pool: Sequence[Photo], prints: np.ndarray) -> dict[str, Any]:
    """By part and bits that may differ: the share of changed pictures that are found, by change, and the
    share of all garments that are said to double another.
    """
    return {"bits": BITS, **{part: _of_part(pool, prints, part) for part in ("choose", "measure")}}


def _of_part(pool: Sequence[Photo], prints: np.ndarray, part: str) -> dict[str, Any]:
    rows = np.array([n for n, each in enumerate(pool) if each.part == part and each.kind == "clothing"])
    some = rows[np.random.default_rng(0).permutation(len(rows))[:COUNT]]
    changed = {name: _changed([pool[row].path for row in some], change) for name, change in CHANGES.items()}
    return {
        "photos": len(rows),
        "found": {
            str(bits): {name: _found(prints[some], of, bits) for name, of in changed.items()}
            for bits in TRIED
        },
        "said to be doubles": {
            str(bits): round(float((twins(prints[rows], bits) >= 0).mean()), 4) for bits in TRIED
        },
    }


def _changed(paths: Sequence[Path], change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        written = []
        for number, path in enumerate(paths):
            written.append(Path(folder) / f"{number}.jpg")
            change(Image.fromarray(decode_photo(path).pixels)).convert("RGB").save(written[-1], quality=90)
        return fingerprints(written)


def _found(prints: np.ndarray, changed: np.ndarray, bits: int) -> float:
    pairs = np.stack([prints, changed], axis=1)
    return round(float(np.mean([twins(pair, bits)[1] == 0 for pair in pairs])), 4)
