"""What each value of ``config.json`` may be: its type and its range."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pocketshelf.errors import UsageError
from pocketshelf.network.address import server_address
from pocketshelf.printable import printable, without_passwords

__all__ = ["DEFAULT_EXPIRY_DAYS", "INDEXES", "holds_password", "is_name", "problem"]

DEFAULT_EXPIRY_DAYS = {"root": 365, "targets": 90, "snapshot": 14, "timestamp": 2}
INDEXES = ("scan", "sqlite-vec", "graph", "pgvector", "milvus")
MOST_BYTES = 1 << 40
MOST_FOLDERS = 20
MOST_NAMES = 100
MOST_DAYS = 36_500  # A century.
_DIGEST = re.compile(r"[0-9a-f]{64}")

# From a value to what it should have been; None where it is right.
Check = Callable[[Any], str | None]


def problem(name: str, value: Any, default: Any) -> str | None:
    """What is wrong with the setting ``name``, in words; None if nothing is.

    Args:
        default: a setting without a rule of its own must be of this value's type.
    """
    wanted = (_CHECKS.get(name) or _like(default))(value)
    return None if wanted is None else f"must be {wanted}{_shown(value)}"


def holds_password(address: str) -> bool:
    """Whether a database's address has one in it."""
    return without_passwords(address) != address


def _shown(value: Any) -> str:
    """The value beside what it should be; a text may be an address with a password, and stays unsaid."""
    if isinstance(value, str) and ("://" in value or "@" in value):
        return ""
    text = printable(json.dumps(value, ensure_ascii=False))
    return f", not {text if len(text) <= 60 else text[:60] + '…'}"


def _integer(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if right else f"an integer of {low} to {high}"

    return check


def _number(above: float, high: float) -> Check:
    def check(value: Any) -> str | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and above < value <= high else f"a number above {above:g}, at most {high:g}"

    return check


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _boolean_or_null(value: Any) -> str | None:
    return None if value is None or isinstance(value, bool) else "true, false or null"


def _choice(known: tuple[str, ...]) -> Check:
    return lambda value: None if isinstance(value, str) and value in known else f"one of {', '.join(known)}"


def _catalogue(value: Any) -> str | None:
    right = isinstance(value, str) and (
        value == "sqlite" or value.startswith(("postgresql://", "postgres://"))
    )
    return None if right else "'sqlite' or an address that starts with postgresql://"


def _milvus(value: Any) -> str | None:
    server = isinstance(value, str) and value.startswith(("http://", "https://"))
    right = (server and "@" not in value) or (_is_folder(value) and value.endswith(".db"))
    return None if right else "an address as in http://milvus:19530, without a password, or a file named ….db"


def _shards(value: Any) -> str | None:
    if not isinstance(value, dict) or not value:
        return "an object that names at least one shard"
    wrong = next((name for name, rule in value.items() if not isinstance(rule, dict)), None)
    return None if wrong is None else f"an object of objects: a rule as in {{{wrong!r}: {{'rule': 'all'}}}}"


def _expiry_days(value: Any) -> str | None:
    if not isinstance(value, dict) or set(value) != set(DEFAULT_EXPIRY_DAYS):
        return f"an object that names {', '.join(DEFAULT_EXPIRY_DAYS)} and nothing else"
    wanted = (_number(0, MOST_DAYS)(days) for days in value.values())
    return next((f"of each role {text}" for text in wanted if text), None)


def _folders(value: Any) -> str | None:
    right = isinstance(value, list) and len(value) <= MOST_FOLDERS and all(map(_is_folder, value))
    return None if right else f"a list of at most {MOST_FOLDERS} folders"


def _names(value: Any) -> str | None:
    right = value is None or (
        isinstance(value, list) and len(value) <= MOST_NAMES and all(map(is_name, value))
    )
    return None if right else f"a list of at most {MOST_NAMES} names as in shelf.shop.example, or null"


def is_name(value: Any) -> bool:
    """Whether it can be a host's name, or an IPv4 address."""
    if not isinstance(value, str) or set(value) & set(":/@[]"):
        return False
    try:
        return bool(server_address(f"http://{value}"))
    except UsageError:
        return False


def _is_folder(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _digest(value: Any) -> str | None:
    right = value is None or (isinstance(value, str) and _DIGEST.fullmatch(value))
    return None if right else "64 hexadecimal digits, or null"


def _like(default: Any) -> Check:
    if isinstance(default, bool):
        return _boolean
    if isinstance(default, int):
        return _integer(0, MOST_BYTES)
    if isinstance(default, float):
        return _number(-math.ulp(0.0), MOST_BYTES)
    return lambda value: None if isinstance(value, type(default)) else f"as {json.dumps(default)} is"


_CHECKS: Mapping[str, Check] = {
    "catalogue": _catalogue,
    "index": _choice(INDEXES),
    "milvus": _milvus,
    "shards": _shards,
    "retain": _integer(1, 1000),
    "closely": _boolean_or_null,
    "expiry_days": _expiry_days,
    "token_sha256": _digest,
    "changes_per_minute": _integer(1, 100_000_000),
    "searches_per_minute": _integer(1, 100_000_000),
    "photos_per_minute": _integer(1, 100_000_000),
    "pictures_per_minute": _integer(1, 100_000_000),
    "max_k": _integer(1, 10_000),
    "max_photo_bytes": _integer(1, MOST_BYTES),
    "photo_workers": _integer(1, 256),
    "photo_seconds": _integer(1, 3600),
    "picture_folders": _folders,
    "names": _names,
    "photo_memory_bytes": _integer(1 << 26, MOST_BYTES),
}
