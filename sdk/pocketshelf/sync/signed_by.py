"""By whose keys a generation was signed: ``signed.json`` beside its shard.

A device does not go back in its shelf's numbers. But a number that a thief signed with a stolen key counts
no more once that key is rotated, as The Update Framework has it for its own versions ("fast-forward
attacks", https://theupdateframework.github.io/specification/latest/#update-root); nor does the content.

    {"format": "pocketshelf-signed", "version": 1, "keys": ["…"], "snapshot": "<sha256>" or null}

``snapshot`` is the file that the generation was made of, when it was made of one: signed by a new key, too,
it vouches for what is here, and nothing needs to be fetched again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.files import read_plain
from pocketshelf.formats import strict_json

__all__ = ["SIGNED_NAME", "SignedBy", "read_signed_by"]

SIGNED_NAME = "signed.json"
_FORMAT, _VERSION = "pocketshelf-signed", 1
_MOST_BYTES = 10_000


@dataclass(frozen=True)
class SignedBy:
    """See the module's description.

    Attributes:
        keys: ids of the keys of *targets* that signed it.
        snapshot: SHA-256 of the snapshot as it travelled; None for a generation made of changes.
    """

    keys: tuple[str, ...]
    snapshot: str | None

    def to_bytes(self) -> bytes:
        """The file's content."""
        document = {
            "format": _FORMAT,
            "version": _VERSION,
            "keys": list(self.keys),
            "snapshot": self.snapshot,
        }
        return (json.dumps(document) + "\n").encode()


def read_signed_by(generation: Path) -> SignedBy | None:
    """What ``generation`` says; None where it says nothing: built here, or by an earlier version."""
    try:
        document = strict_json.loads(read_plain(generation / SIGNED_NAME, _MOST_BYTES))
        if (document["format"], document["version"]) != (_FORMAT, _VERSION):
            return None
        keys, snapshot = tuple(map(str, document["keys"])), document["snapshot"]
        return SignedBy(keys, None if snapshot is None else str(snapshot))
    except (OSError, ValueError, KeyError, TypeError):
        return None
