"""Flatbuffer tables without generated code: a writer and a reader that a schema's slot numbers suffice for.

A table is a dictionary from field number to value. How a value is stored follows from its type:
str, `Table`, list of either, numpy array (a vector of its scalars), numpy scalar (a field of its size).
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from flatbuffers import encode, number_types
from flatbuffers import table as flatbuffer_table

__all__ = ["Reader", "Table", "serialize"]

Table = dict[int, Any]

_SCALARS = {
    np.dtype(np.uint8): number_types.Uint8Flags,
    np.dtype(np.int8): number_types.Int8Flags,
    np.dtype(np.uint32): number_types.Uint32Flags,
    np.dtype(np.float32): number_types.Float32Flags,
}


def serialize(root: Table, identifier: bytes) -> bytes:
    """A finished flatbuffer with ``root`` and the four-byte file identifier."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_write_table(builder, root), file_identifier=identifier)
    return bytes(builder.Output())


def _write_table(builder: flatbuffers.Builder, table: Table) -> int:
    offsets = {slot: _write_value(builder, value) for slot, value in table.items() if _is_offset(value)}
    builder.StartObject(max(table, default=-1) + 1)
    for slot, value in table.items():
        if slot in offsets:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
        else:
            builder.PrependSlot(_SCALARS[value.dtype], slot, value.item(), None)
    return builder.EndObject()


def _is_offset(value: Any) -> bool:
    return isinstance(value, str | dict | list | np.ndarray)


def _write_value(builder: flatbuffers.Builder, value: Any) -> int:
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, dict):
        return _write_table(builder, value)
    if isinstance(value, np.ndarray):
        return builder.CreateNumpyVector(value)
    offsets = [_write_value(builder, each) for each in value]
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


class Reader:
    """Fields of a table in a flatbuffer, by their numbers; absent ones read as None or empty."""

    def __init__(self, content: bytes, position: int | None = None) -> None:
        if position is None:
            position = int(encode.Get(number_types.UOffsetTFlags.packer_type, content, 0))
        self._content = content
        self._table = flatbuffer_table.Table(content, position)

    def _field(self, slot: int) -> int:
        offset = self._table.Offset(4 + 2 * slot)
        return self._table.Pos + offset if offset else 0

    def text(self, slot: int) -> str | None:
        """A string."""
        place = self._field(slot)
        return self._table.String(place).decode() if place else None

    def scalar(self, slot: int, dtype: type) -> Any:
        """A number of numpy's ``dtype``; 0 if absent, as schemas default to."""
        place = self._field(slot)
        return np.frombuffer(self._content, dtype, 1, place)[0].item() if place else 0

    def array(self, slot: int, dtype: type) -> np.ndarray:
        """A vector of scalars."""
        place = self._field(slot)
        if not place:
            return np.zeros(0, dtype)
        start, length = self._vector(place)
        return np.frombuffer(self._content, dtype, length, start)

    def table(self, slot: int) -> Reader | None:
        """A table."""
        place = self._field(slot)
        return Reader(self._content, self._table.Indirect(place)) if place else None

    def tables(self, slot: int) -> list[Reader]:
        """A vector of tables."""
        place = self._field(slot)
        if not place:
            return []
        start, length = self._vector(place)
        return [Reader(self._content, self._table.Indirect(start + 4 * i)) for i in range(length)]

    def texts(self, slot: int) -> list[str]:
        """A vector of strings."""
        place = self._field(slot)
        if not place:
            return []
        start, length = self._vector(place)
        return [self._table.String(start + 4 * i).decode() for i in range(length)]

    def _vector(self, place: int) -> tuple[int, int]:
        """(start, length) of the vector that the field at ``place`` points to."""
        at = self._table.Indirect(place)
        return at + 4, int(np.frombuffer(self._content, np.uint32, 1, at)[0])
