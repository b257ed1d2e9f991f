"""Changes to inputs: bytes flipped, cut, repeated; JSON documents with one value that does not fit."""

from __future__ import annotations

import json
import random
from typing import Any

__all__ = ["mutate"]

ODD_VALUES: list[Any] = [
    None,
    True,
    "",
    "x" * 5000,
    "\ud800",
    "../../etc/passwd",
    "a\x00b\x1b[31m\u202e",
    0,
    -1,
    1.5,
    -0.0,
    1e308,
    2**63,
    10**30,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    {"": {"": {}}},
    json.loads("[" * 70 + "]" * 70),
]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """``data`` with one change, of its JSON document where it is one and by chance of its bytes."""
    if data[:1] in (b"{", b"[") and rng.random() < 0.7:
        try:
            return json.dumps(_mutate_json(json.loads(data), rng)).encode()
        except (ValueError, RecursionError):
            pass
    return _mutate_bytes(data, rng)


def _mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data or b"\x00")
    place = rng.randrange(len(changed))
    kind = rng.randrange(5)
    if kind == 0:
        changed[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
    elif kind == 2:
        del changed[place:]
    elif kind == 3:
        end = min(len(changed), place + rng.choice((1, 4, 64)))
        changed[place:end] = changed[place:end] * rng.choice((0, 2, 50))
    else:
        changed[place : place + 4] = rng.choice((b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff"))
    return bytes(changed)


def _mutate_json(document: Any, rng: random.Random) -> Any:
    """One value, anywhere in it, replaced, left out or repeated."""
    holder = document
    while isinstance(holder, dict | list) and holder:
        key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.8:
            holder = inner
            continue
        kind = rng.randrange(4)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.extend([inner] * rng.choice((1, 100)))
        else:
            holder[key] = rng.choice(ODD_VALUES)
        return document
    return rng.choice(ODD_VALUES)
