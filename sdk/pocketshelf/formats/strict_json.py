"""JSON from outside, read by stricter rules than Python's: what it gives can be stored, signed and sent on.

Python's reader lets through what JSON does not have (NaN, Infinity), numbers that no other language reads
(10**400, 1e999), texts that are no Unicode (lone surrogates), and nesting that ends in a `RecursionError`
here or, later, elsewhere. RFC 8259, sections 6, 8.2 and 9, leaves such limits to each reader: these are ours.
"""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["MAX_DEPTH", "MAX_INTEGER", "check", "loads"]

# Lists and objects within each other.
MAX_DEPTH = 64
# SQLite's, Java's and Swift's integers have 64 bits with a sign.
MAX_INTEGER = 2**63 - 1


def loads(data: bytes | str, depth: int = MAX_DEPTH) -> Any:
    """The document in ``data``, as `json.loads` gives it.

    Args:
        depth: how deep lists and objects may lie in each other.

    Raises:
        ValueError: it is no JSON, or beyond the limits; the message is one line that says what is wrong.
    """
    try:
        if isinstance(data, str) and not data.startswith(_MARK):
            document = _DECODER.decode(data)
        else:  # `json` finds out the bytes' encoding, and says what is wrong with the mark.
            document = json.loads(data, **_HOOKS)
    except RecursionError as error:
        raise ValueError(f"nested too deeply (deeper than {depth})") from error
    check(document, depth)
    return document


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(value := int(digits)) > MAX_INTEGER:
        raise ValueError(f"the number {digits[:12]}… has more than 63 bits")
    return value


def _number(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError(f"the number {digits[:12]} is too large")
    return value


def check(document: Any, depth: int = MAX_DEPTH) -> None:
    """Refuse what `loads` would not give; for what is to be written. Level by level, without recursion.

    Raises:
        ValueError: as `loads`.
    """
    level, left = [document], depth
    while level:
        holders = [value for value in level if isinstance(value, dict | list | tuple)]
        if holders and left == 0:
            raise ValueError(f"nested too deeply (deeper than {depth})")
        if not all(map(_is_number, level)):
            raise ValueError("a number is not finite or has more than 63 bits")
        texts = [value for value in level if isinstance(value, str)]
        texts += [key for holder in holders if isinstance(holder, dict) for key in holder]
        if not all(map(_is_unicode, texts)):
            raise ValueError("a text is no Unicode (a lone surrogate)")
        level = [
            part for holder in holders for part in (holder.values() if isinstance(holder, dict) else holder)
        ]
        left -= 1


def _is_number(value: Any) -> bool:
    """Whether ``value``, if it is a number, is one of JSON's that every reader takes."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= MAX_INTEGER


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


_MARK = "\ufeff"
_HOOKS: dict[str, Any] = {"parse_constant": _constant, "parse_int": _integer, "parse_float": _number}
# Made once: `json.loads` makes one for every text, which takes longer than a product's attributes do.
_DECODER = json.JSONDecoder(**_HOOKS)
