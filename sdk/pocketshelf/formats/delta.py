"""Deltas: SQLite files with the changes between two states of a shard. Format, version 1::

    meta(key TEXT PRIMARY KEY, value TEXT)
        format 'pocketshelf-delta' · version '1' · space · preprocessing · dimension
        · from_sequence · to_sequence
    upserts: the columns of `pocketshelf.formats.product`
    tombstones(product_id TEXT PRIMARY KEY, sequence INTEGER)

The tables are ``contract/sql/delta.sql``. A delta applies to a shard at exactly ``from_sequence`` and leaves
it at ``to_sequence``, in one transaction: ``contract/sql/apply_delta.sql``. Every change in it has a sequence
above the one and up to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.product import Product
from pocketshelf.formats.product_file import ProductFile
from pocketshelf.formats.shard import ShardMeta, open_shard
from pocketshelf.formats.space import Space

__all__ = ["Delta", "DeltaMeta", "apply_delta", "create_delta", "open_delta"]


@dataclass(frozen=True)
class DeltaMeta:
    """What a delta is, and between which states it leads."""

    space: str
    preprocessing: str
    dimension: int
    from_sequence: int
    to_sequence: int

    @classmethod
    def of(cls, space: Space, from_sequence: int, to_sequence: int) -> DeltaMeta:
        """That of changes to a shard with vectors of ``space``."""
        return cls(space.name, space.preprocessing, space.dimension, from_sequence, to_sequence)


class Delta(ProductFile[DeltaMeta]):
    """An open delta; `products` are those that it adds or changes."""

    KIND, TABLE, META = "delta", "upserts", DeltaMeta

    def tombstones(self) -> Iterator[tuple[str, int]]:
        """(product_id, sequence) of the deleted products, by id."""
        return self.query("SELECT product_id, sequence FROM tombstones ORDER BY product_id")  # type: ignore[return-value]


open_delta = Delta
"""Open a delta for reading: see `ProductFile`."""


def create_delta(
    path: str | Path, meta: DeltaMeta, upserts: Iterable[Product], tombstones: Iterable[tuple[str, int]]
) -> None:
    """Write a new delta; ``tombstones`` are (product_id, sequence).

    Raises:
        StoreError: as `create_shard`.
    """
    Delta.create(Path(path), meta, upserts, tombstones=sorted(tombstones))


def apply_delta(shard_path: str | Path, delta_path: str | Path, checked: bool = False) -> ShardMeta:
    """Bring the shard from the delta's ``from_sequence`` to its ``to_sequence``, in one transaction.

    The delta is checked whole first. Callers apply it to a copy of the shard in a new generation, and make
    that durable: a kill, or a power cut, may leave the copy half changed.

    Args:
        checked: the caller has checked the delta already, row by row (`Delta.check`, or the sync's guard).

    Raises:
        SpaceMismatch: the two differ in space, preprocessing or dimension.
        StoreError: the shard is at another sequence, or either file is bad; the shard is unchanged.
    """
    shard_path, delta_path = Path(shard_path), Path(delta_path)
    with open_shard(shard_path) as shard, open_delta(delta_path) as delta:
        if not checked:
            delta.check()
        _check_applies(shard.meta, delta)
    connection = sqlite_file.connect(shard_path, writable=True)
    try:
        with sqlite_file.wrapped(shard_path, "written"):
            # A copy that nobody reads yet: a fault rolls it back from memory, a kill leaves it to be thrown
            # away, and who publishes it makes it durable.
            connection.execute("PRAGMA journal_mode = MEMORY")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("ATTACH DATABASE ? AS delta", (sqlite_file.uri(delta_path),))
            with sqlite_file.transaction(connection):
                for statement in sqlite_file.statements("apply_delta"):
                    connection.execute(statement)
    finally:
        connection.close()
    with open_shard(shard_path) as shard:
        return shard.meta


def _check_applies(shard: ShardMeta, delta: Delta) -> None:
    meta = delta.meta
    for name in ("space", "preprocessing", "dimension"):
        theirs, ours = getattr(meta, name), getattr(shard, name)
        if theirs != ours:
            raise SpaceMismatch(f"{delta.path}: its {name} is {theirs!r}, the store's is {ours!r}")
    if meta.from_sequence != shard.sequence:
        raise StoreError(
            f"{delta.path}: leads from sequence {meta.from_sequence}, the store is at {shard.sequence}"
        )
