"""Arrays in one file without a name: what one process has made, another maps, and it is in memory once."""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["Names", "map_arrays", "names_to_arrays", "write_arrays"]

# Of each array in the file; what kernels with wide registers like, too.
ALIGNMENT = 64
Layout = dict[str, Any]
"""Name to [dtype, shape, offset]; fit for JSON."""


def write_arrays(arrays: Mapping[str, np.ndarray]) -> tuple[int, Layout]:
    """(file descriptor, layout) of a new file that holds ``arrays``, in memory where the system has that.

    Raises:
        OSError: there is no room.
    """
    descriptor = _new_file()
    layout: Layout = {}
    with os.fdopen(os.dup(descriptor), "wb") as file:
        for name, array in arrays.items():
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            layout[name] = [array.dtype.str, list(array.shape), file.tell()]
            file.write(np.ascontiguousarray(array).data)
        file.write(b"\0" * ALIGNMENT)  # An empty file cannot be mapped.
    return descriptor, layout


def map_arrays(descriptor: int, layout: Layout) -> dict[str, np.ndarray]:
    """The arrays, read-only; the descriptor is closed, and the file goes with the last of them."""
    try:
        memory = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(descriptor)
    # Each page is touched once, here, where nobody waits: numpy lets others run meanwhile.
    np.frombuffer(memory, np.uint8)[:: mmap.PAGESIZE].max()
    return {
        name: np.frombuffer(memory, dtype, math.prod(shape), offset).reshape(shape)
        for name, (dtype, shape, offset) in layout.items()
    }


def names_to_arrays(names: Sequence[str], prefix: str) -> dict[str, np.ndarray]:
    """``names`` as UTF-8, end to end, and where each begins."""
    encoded = [name.encode() for name in names]
    starts = np.zeros(len(names) + 1, dtype=np.int64)
    np.cumsum([len(name) for name in encoded], out=starts[1:])
    return {f"{prefix}_starts": starts, f"{prefix}_text": np.frombuffer(b"".join(encoded), np.uint8)}


class Names(Sequence[str]):
    """Texts that stay in the file until they are asked for: a million of them are no objects of Python's."""

    def __init__(self, arrays: Mapping[str, np.ndarray], prefix: str) -> None:
        self._starts, self._text = arrays[f"{prefix}_starts"], arrays[f"{prefix}_text"]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        return self._text[self._starts[place] : self._starts[place + 1]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        return (self[place] for place in range(len(self)))


def _new_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pocketshelf-index", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
