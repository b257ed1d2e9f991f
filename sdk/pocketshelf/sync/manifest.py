"""A shard's manifest: what the server has published and how to get there from an older sequence.

    {"format": "pocketshelf-manifest", "version": 1, "shard": "all", "space": "…", "preprocessing": "…",
     "sequence": 42, "oldest_delta": 37,
     "snapshot": {"target": "all/snapshot-42.sqlite.gz", "length": 1234},
     "deltas": [{"from": 41, "to": 42, "target": "all/delta-41-42.sqlite.gz", "length": 99}, …],
     "categories": {"Apple": {"local": 3, "catalogue": 10}, …}}

``categories`` counts the products of each category in this shard ("local") and in the whole catalogue:
the recall estimate rests on it. Unknown keys are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pocketshelf.errors import SyncError, one_line
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields

__all__ = [
    "FORMAT",
    "MANIFEST_BYTES",
    "MANIFEST_NAME",
    "VERSION",
    "Count",
    "DeltaEntry",
    "Manifest",
    "SnapshotEntry",
    "parse_manifest",
]

FORMAT, VERSION = "pocketshelf-manifest", 1
# Beside a generation's shard: the counts belong to that generation, also after a rollback.
MANIFEST_NAME = "manifest.json"
# The longest that is read.
MANIFEST_BYTES = 4_000_000
# A name becomes part of a URL and of a file name on the device.
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class SnapshotEntry:
    """The whole shard: its target name and compressed length in bytes."""

    target: str
    length: int


@dataclass(frozen=True)
class DeltaEntry:
    """The changes between two sequence numbers: target name and compressed length in bytes."""

    base: int
    to: int
    target: str
    length: int


@dataclass(frozen=True)
class Count:
    """Products of one category in the shard and in the whole catalogue."""

    local: int
    catalogue: int


@dataclass(frozen=True)
class Manifest:
    """A parsed manifest; see the module's description.

    Attributes:
        data: its bytes as they were signed.
    """

    shard: str
    space: str
    preprocessing: str
    sequence: int
    snapshot: SnapshotEntry
    deltas: tuple[DeltaEntry, ...]
    categories: Mapping[str, Count]
    data: bytes = field(default=b"", repr=False, compare=False)

    @property
    def products(self) -> int:
        """How many products the shard holds."""
        return sum(count.local for count in self.categories.values())


def parse_manifest(data: bytes, where: str = "manifest.json") -> Manifest:
    """Read a manifest's bytes.

    Raises:
        SyncError: it is not JSON, or not a manifest of a known version.
    """
    try:
        document = strict_json.loads(data)
    except ValueError as error:
        raise SyncError(
            f"{where}: the server's manifest cannot be read as JSON ({one_line(error)})"
        ) from error
    top = Fields(document, where, SyncError)
    if top.text("format") != FORMAT or top.integer("version") != VERSION:
        raise SyncError(f"{where}: not a manifest of version {VERSION}; update pocketshelf")
    snapshot = top.child("snapshot")
    return Manifest(
        shard=top.text("shard"),
        space=top.text("space"),
        preprocessing=top.text("preprocessing"),
        sequence=top.integer("sequence", low=0),
        snapshot=SnapshotEntry(_target(snapshot), snapshot.integer("length", low=1)),
        deltas=tuple(map(_delta, top.children("deltas"))),
        categories=_categories(top.child("categories")),
        data=data,
    )


def _delta(part: Fields) -> DeltaEntry:
    base, to = part.integer("from", low=0), part.integer("to", low=0)
    return DeltaEntry(base, to, _target(part), part.integer("length", low=1))


def _categories(part: Fields) -> dict[str, Count]:
    counts = {}
    for name in part:
        entry = part.child(name)
        counts[name] = Count(entry.integer("local", low=0), entry.integer("catalogue", low=0))
    return counts


def _target(part: Fields) -> str:
    name = part.text("target")
    if not _TARGET.fullmatch(name):
        raise part.error("target", "must be <folder>/<file> in plain letters, digits, '.', '_' and '-'")
    return name
