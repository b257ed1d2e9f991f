"""Colour spaces that a file names by number (ITU-T H.273) instead of carrying a profile of them."""

from __future__ import annotations

import functools
import struct

__all__ = ["ADOBE_RGB", "BT2020", "DISPLAY_P3", "coded_profile", "matrix_profile"]

Colorants = tuple[tuple[float, float, float], ...]

# XYZ of red, green and blue, adapted to ICC's white D50.
DISPLAY_P3: Colorants = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
BT2020: Colorants = ((0.67348, 0.27903, -0.00193), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686))
ADOBE_RGB: Colorants = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_D50 = (0.9642, 1.0, 0.8249)
# sRGB's curve as ICC's parametric type 3: gamma, a, b, c, d.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

_BY_PRIMARIES = {9: ("BT.2020", BT2020), 12: ("Display P3", DISPLAY_P3)}
# Transfers that sRGB's curve stands for: BT.709's kin and its own. Those of HDR (16, 18) have no such curve.
_TRANSFERS = (1, 6, 13, 14, 15)


def coded_profile(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile of the colours that two code points name; none where sRGB is near enough."""
    if primaries not in _BY_PRIMARIES or transfer not in _TRANSFERS:
        return None
    return matrix_profile(*_BY_PRIMARIES[primaries])


@functools.cache
def matrix_profile(name: str, colorants: Colorants, gamma: float | None = None) -> bytes:
    """A display profile of three colorants and one curve (ICC.1:2022, 8.3): ``gamma``'s, or sRGB's."""
    curve = (gamma,) if gamma else _SRGB_CURVE
    text = name.encode("utf-16-be")
    bodies = {
        b"desc": b"mluc" + struct.pack(">5I", 0, 1, 12, 0x656E5553, len(text)) + struct.pack(">I", 28) + text,
        b"wtpt": _xyz(_D50),
        **{tag: _xyz(xyz) for tag, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)},
        **{tag: _curve(curve) for tag in (b"rTRC", b"gTRC", b"bTRC")},
    }
    return _assembled(bodies)


def _assembled(bodies: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(bodies)
    table, data = struct.pack(">I", len(bodies)), b""
    for tag, body in bodies.items():
        table += tag + struct.pack(">2I", at + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    header = struct.pack(">2I", at + len(data), 0) + b"\x04\x20\0\0" + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header += bytes(28) + b"".join(_fixed(value) for value in _D50)
    return header.ljust(128, b"\0") + table + data


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(value) for value in values)


def _curve(values: tuple[float, ...]) -> bytes:
    return (
        b"para"
        + bytes(4)
        + struct.pack(">HH", 3 if len(values) > 1 else 0, 0)
        + b"".join(map(_fixed, values))
    )


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
