"""A photo as a phone would have taken it: enlarged with sensor-like noise. Its detail is made up."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["enlarged"]


def enlarged(path: str | Path, shorter: int) -> tuple[bytes, float]:
    """A JPEG of quality 90 whose shorter side is ``shorter``, and how much larger that is; seed 0."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    scale = shorter / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    pixels = np.asarray(image.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    noise = np.random.default_rng(0).normal(0, 4, (size[1], size[0], 1)).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue(), scale
