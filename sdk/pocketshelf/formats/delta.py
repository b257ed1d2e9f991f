"""Deltas: SQLite files with the changes between two states of a shard. Format, version 1::

    meta(key TEXT PRIMARY KEY, value TEXT)
        format 'pocketshelf-delta' · version '1' · space · preprocessing · dimension
        · from_sequence · to_sequence
    upserts: the columns of `pocketshelf.formats.product`
    tombstones(product_id TEXT PRIMARY KEY, sequence INTEGER)

Both are WITHOUT ROWID: else a hidden index would repeat every id, and cost 6 % of the bytes that travel.
A delta applies to a shard at exactly ``from_sequence`` and leaves it at ``to_sequence``, in one
transaction (`APPLY_DELTA`). Every change in it has a sequence above the one and up to the other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.product import (
    COLUMNS,
    NAMES,
    Product,
    ProductFile,
    insert_products,
    open_product_file,
)
from pocketshelf.formats.shard import ShardMeta, open_shard
from pocketshelf.formats.sqlite_file import wrapped

__all__ = ["APPLY_DELTA", "Delta", "DeltaMeta", "apply_delta", "create_delta", "open_delta"]

FORMAT, VERSION = "pocketshelf-delta", 1
TABLES = {
    "meta": sqlite_file.META_TABLE,
    "upserts": f"CREATE TABLE upserts({COLUMNS}) WITHOUT ROWID",
    "tombstones": "CREATE TABLE tombstones(product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) "
    "WITHOUT ROWID",
}
# With the delta attached as "delta"; the same statements on every platform.
APPLY_DELTA = (
    "DELETE FROM main.products WHERE product_id IN (SELECT product_id FROM delta.tombstones)",
    f"INSERT OR REPLACE INTO main.products({NAMES}) SELECT {NAMES} FROM delta.upserts ORDER BY product_id",
    "UPDATE main.meta SET value = (SELECT value FROM delta.meta WHERE key = 'to_sequence') "
    "WHERE key = 'sequence'",
)


@dataclass(frozen=True)
class DeltaMeta:
    """What a delta is, and between which states it leads."""

    space: str
    preprocessing: str
    dimension: int
    from_sequence: int
    to_sequence: int


class Delta(ProductFile):
    """An open delta.

    Attributes:
        path, meta: the file and what it says of itself.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, meta: DeltaMeta) -> None:
        super().__init__(path, connection, meta.dimension)
        self.meta = meta

    def upserts(self) -> Iterator[Product]:
        """New and changed products, by id."""
        return self.rows(f"SELECT {NAMES} FROM upserts ORDER BY product_id")

    def tombstones(self) -> Iterator[tuple[str, int]]:
        """(product_id, sequence) of the deleted products, by id."""
        return self.query("SELECT product_id, sequence FROM tombstones ORDER BY product_id")  # type: ignore[return-value]

    def check(self) -> None:
        """Read everything and compare it with the format.

        Raises:
            StoreError: the first fault found.
        """
        sqlite_file.check_schema(self.connection, self.path, TABLES)
        sqlite_file.check_integrity(self.connection, self.path)
        sql = "SELECT product_id FROM upserts INTERSECT SELECT product_id FROM tombstones"
        both = next(self.query(sql), None)
        if both:
            raise StoreError(f"{self.path}: product {both[0]!r} is both changed and deleted")
        changes = [(p.product_id, p.sequence) for p in self.upserts()]
        for product_id, sequence in [*changes, *self.tombstones()]:
            if not self.meta.from_sequence < sequence <= self.meta.to_sequence:
                raise StoreError(f"{self.path}: product {product_id!r} lies outside the delta's sequences")


def create_delta(
    path: str | Path, meta: DeltaMeta, upserts: Iterable[Product], tombstones: Iterable[tuple[str, int]]
) -> None:
    """Write a new delta; ``tombstones`` are (product_id, sequence).

    Raises:
        StoreError: as `create_shard`.
    """
    path = Path(path)
    with sqlite_file.create(path, TABLES) as connection:
        sqlite_file.write_meta(connection, {"format": FORMAT, "version": VERSION, **vars(meta)})
        insert_products(connection, path, "upserts", upserts, meta.dimension)
        connection.executemany("INSERT INTO tombstones VALUES (?, ?)", sorted(tombstones))


def open_delta(path: str | Path) -> Delta:
    """Open a delta for reading; `Delta.check` reads it whole, this looks at schema and meta only.

    Raises:
        StoreError: it is missing, damaged, or of another format or version.
    """
    path = Path(path)
    return Delta(path, *open_product_file(path, FORMAT, VERSION, TABLES, DeltaMeta))


def apply_delta(shard_path: str | Path, delta_path: str | Path, checked: bool = False) -> ShardMeta:
    """Bring the shard from the delta's ``from_sequence`` to its ``to_sequence``, in one transaction.

    The delta is checked whole first. Callers apply it to a copy of the shard in a new generation.

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
        with wrapped(shard_path, "written"):
            connection.execute("ATTACH DATABASE ? AS delta", (str(delta_path.resolve()),))
            connection.execute("BEGIN IMMEDIATE")
            for statement in APPLY_DELTA:
                connection.execute(statement)
            connection.execute("COMMIT")
    finally:
        connection.close()  # Rolls back whatever was not committed.
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
