"""What metadata of The Update Framework may say at all, looked at before the framework reads it.

A signature proves who said something, not that it makes sense; and a thief signs as well as the shop does. So
every number, length, name and list has a bound here, whoever signed it, and one line says which was passed.

Specification: https://theupdateframework.github.io/specification/latest/#file-formats
"""

from __future__ import annotations

from pocketshelf.errors import SyncError, one_line
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields

__all__ = ["LONGEST", "MAX_VERSION", "check_metadata"]

# Bytes of a metadata file, whatever the file that points to it says.
LONGEST = 5_000_000
# What a number of JSON holds exactly in every language.
MAX_VERSION = 2**53 - 1
# A signature that holds for longer is no promise any more; text, as the format fixes its order.
_LAST_DAY = "2200-01-01T00:00:00Z"
_MOST_KEYS = 32  # A role.
_LONGEST_FILE = 2**53 - 1
_HASH_DIGITS = {"sha256": 64, "sha512": 128}


def check_metadata(data: bytes, where: str) -> None:
    """Check a metadata file.

    Args:
        where: begins what an error says.

    Raises:
        SyncError: something in it is out of bounds.
    """
    try:
        top = Fields(strict_json.loads(data), where, SyncError)
    except ValueError as error:
        raise SyncError(f"{where}: it cannot be read as JSON ({one_line(error)})") from error
    signed = top.child("signed")
    kind = signed.text("_type")
    _number(signed, "version", low=1, high=MAX_VERSION)
    if signed.text("expires") > _LAST_DAY:
        raise signed.error("expires", f"must be before {_LAST_DAY[:4]}")
    rules = {"root": _root, "timestamp": _meta, "snapshot": _meta, "targets": _targets}
    if kind not in rules:
        raise signed.error("_type", f"must be one of {', '.join(rules)}")
    rules[kind](signed)


def _root(signed: Fields) -> None:
    keys, roles = signed.child("keys"), signed.child("roles")
    values = [keys.child(name).child("keyval").text("public") for name in keys]
    if len(set(values)) != len(values):
        raise signed.error("keys", "has a key under two ids")
    for name in roles:
        role = roles.child(name)
        ids = role.texts("keyids")
        if len(ids) > _MOST_KEYS:
            raise role.error("keyids", f"must be at most {_MOST_KEYS}")
        if any(not keys.has(key_id) for key_id in ids):
            raise role.error("keyids", "names a key that is not there")
        _number(role, "threshold", low=1, high=len(ids))


def _meta(signed: Fields) -> None:
    meta = signed.child("meta")
    for name in meta:
        entry = meta.child(name)
        _number(entry, "version", low=1, high=MAX_VERSION)
        if entry.has("length"):
            _number(entry, "length", low=1, high=LONGEST)
        if entry.has("hashes"):
            _hashes(entry.child("hashes"))


def _targets(signed: Fields) -> None:
    if signed.has("delegations"):
        raise signed.error("delegations", "must not be there: this shop's files have one signer")
    targets = signed.child("targets")
    for name in targets:
        entry = targets.child(name)
        _number(entry, "length", low=1, high=_LONGEST_FILE)
        _hashes(entry.child("hashes"))


def _number(part: Fields, key: str, low: int, high: int) -> None:
    if not low <= part.integer(key) <= high:
        raise part.error(key, f"must lie in [{low}, {high}]")


def _hashes(part: Fields) -> None:
    """A file is named by its hash: anything but digits could name another place."""
    for name in part:
        if name not in _HASH_DIGITS:
            raise part.error(name, f"must be one of {', '.join(_HASH_DIGITS)}")
        digits = part.text(name)
        if len(digits) != _HASH_DIGITS[name] or not set(digits) <= set("0123456789abcdef"):
            raise part.error(name, f"must be {_HASH_DIGITS[name]} hexadecimal digits")
