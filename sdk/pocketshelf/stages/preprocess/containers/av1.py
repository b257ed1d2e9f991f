"""AV1 (version 1.0.0 with errata): the frame size that a stream names, whatever its file says.

A decoder makes room for the stream's size. AVIF's ``ispe`` may say another.
"""

from __future__ import annotations

from collections.abc import Iterator

from pocketshelf.stages.preprocess.containers.limits import MAX_PIECES, too_many_pieces

__all__ = ["coded_sizes"]

_SEQUENCE_HEADER = 1


class _Bits:
    """Reads bits, most significant first; nothing but zeros behind the end."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        at = max(self._left, 0)
        return (self._value >> at) & ((1 << count) - 1) if self._left >= 0 else 0

    def take_uvlc(self) -> int:
        """4.10.3: as many leading zeros as bits follow the one."""
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        return self.take(zeros)


def coded_sizes(stream: bytes) -> Iterator[tuple[int, int]]:
    """(width, height) of each sequence header among the stream's units (5.3).

    Raises:
        PhotoError: the stream is cut into more units than any encoder makes.
    """
    at = 0
    for _ in range(MAX_PIECES):
        if at >= len(stream):
            return
        kind, extended, sized = stream[at] >> 3 & 15, stream[at] & 4, stream[at] & 2
        at += 2 if extended else 1
        length, at = _leb128(stream, at) if sized else (len(stream) - at, at)
        if kind == _SEQUENCE_HEADER:
            yield _sequence(_Bits(stream[at : at + min(length, 256)]))
        at += length
    raise too_many_pieces("units")


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """(value, where it ends) of a number of seven bits a byte (4.10.5)."""
    value = 0
    for number, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * number
        if not byte & 128:
            return value, at + number + 1
    return value, at + 8


def _sequence(bits: _Bits) -> tuple[int, int]:
    """The maximum frame size of a sequence header (5.5.1)."""
    bits.take(3 + 1)  # Profile, still picture.
    if bits.take(1):  # The reduced header of still pictures.
        bits.take(5)
    else:
        _operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _operating_points(bits: _Bits) -> None:
    delay = 0
    if timing := bits.take(1):
        bits.take(64)
        if bits.take(1):
            bits.take_uvlc()
    if timing and bits.take(1):
        delay = bits.take(5) + 1
        bits.take(32 + 5 + 5)
    display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay and bits.take(1):
            bits.take(2 * delay + 1)
        if display_delay and bits.take(1):
            bits.take(4)
