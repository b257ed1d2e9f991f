"""Arrays in the golden files: their shape, and their numbers as base64 of little-endian bytes, row by row."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]

KINDS = {"f32": np.dtype("<f4"), "i8": np.dtype("i1")}


def pack(array: np.ndarray) -> dict[str, Any]:
    """``{"shape": […], "f32": base64}`` of a float array, ``"i8"`` of an int8 one."""
    kind = "i8" if array.dtype == np.int8 else "f32"
    data = np.ascontiguousarray(array, KINDS[kind]).tobytes()
    return {"shape": list(array.shape), kind: base64.b64encode(data).decode()}


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """What `pack` was given, as float32 or int8."""
    (kind,) = packed.keys() & KINDS.keys()
    return np.frombuffer(base64.b64decode(packed[kind]), KINDS[kind]).reshape(packed["shape"])
