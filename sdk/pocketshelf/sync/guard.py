"""Look at a database from a server before anything of ours reads it.

Signed does not mean harmless: the publisher's machine may have been taken over. A SQLite file can carry
SQL of its own (triggers, views, generated columns, expression indexes) that would run inside ours, and
bytes that SQLite does not expect. So a file is refused unless its header, its schema word for word, its
pages and the type of every value are those of the format. Most checks are SQL, which runs without
holding Python's lock: a search goes on meanwhile.

See "Defense Against The Dark Arts" in SQLite's documentation, https://sqlite.org/security.html.
"""

from __future__ import annotations

import sqlite3
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.formats import delta, shard, sqlite_file

__all__ = ["check_delta", "check_shard"]

_MAGIC = b"SQLite format 3\x00"
_LONGEST_VALUE = 2_000_000
_LONGEST_SQL = 10_000
_STEPS_BETWEEN_CHECKS = 200_000

# Each selects the first row that does not fit; ? is the dimension.
_BAD_PRODUCT = """
SELECT product_id FROM {table} WHERE typeof(product_id) <> 'text' OR product_id = ''
 OR length(product_id) > 4096 OR typeof(sequence) <> 'integer' OR sequence < 0
 OR typeof(category) <> 'text' OR length(category) > 4096
 OR typeof(title) <> 'text' OR typeof(image) NOT IN ('text', 'null') OR typeof(attributes) <> 'text'
 OR NOT json_valid(attributes) OR json_type(attributes) <> 'object'
 OR typeof(vectors) <> 'blob' OR length(vectors) = 0 OR length(vectors) % ? <> 0 LIMIT 1"""
_BAD_TOMBSTONE = """
SELECT product_id FROM tombstones WHERE typeof(product_id) <> 'text' OR product_id = ''
 OR length(product_id) > 4096 OR typeof(sequence) <> 'integer' LIMIT 1"""
_BAD_META = """
SELECT key FROM meta WHERE typeof(key) <> 'text' OR typeof(value) <> 'text' OR length(value) > 10000
 LIMIT 1"""
_OUTSIDE = "SELECT product_id FROM {table} WHERE sequence <= ? OR sequence > ? LIMIT 1"
_NEWER = "SELECT product_id FROM products WHERE sequence > ? LIMIT 1"
_BOTH = "SELECT product_id FROM upserts INTERSECT SELECT product_id FROM tombstones LIMIT 1"


def check_shard(path: Path, name: str, seconds: float) -> dict[str, str]:
    """Check an unpacked snapshot.

    Args:
        name: what to call it in messages.
        seconds: longest time for the checks.

    Returns:
        its meta table.

    Raises:
        SyncError: the first thing that does not fit.
    """
    with _opened(path, name, shard.TABLES, seconds) as connection:
        meta = _meta(connection, path, "pocketshelf-shard", ("sequence", "dimension"))
        _none(connection, name, "bad value", _BAD_PRODUCT.format(table="products"), int(meta["dimension"]))
        _read_texts(connection, "products")
        _none(connection, name, "row newer than the shard", _NEWER, int(meta["sequence"]))
        return meta


def check_delta(path: Path, name: str, seconds: float) -> dict[str, str]:
    """Check unpacked changes; as `check_shard`."""
    with _opened(path, name, delta.TABLES, seconds) as connection:
        meta = _meta(connection, path, "pocketshelf-delta", ("from_sequence", "to_sequence", "dimension"))
        _none(connection, name, "bad value", _BAD_PRODUCT.format(table="upserts"), int(meta["dimension"]))
        _read_texts(connection, "upserts")
        _none(connection, name, "bad value", _BAD_TOMBSTONE)
        _none(connection, name, "row both changed and deleted", _BOTH)
        span = int(meta["from_sequence"]), int(meta["to_sequence"])
        for table in ("upserts", "tombstones"):
            _none(connection, name, "row outside its sequences", _OUTSIDE.format(table=table), *span)
        return meta


@contextmanager
def _opened(path: Path, name: str, tables: Mapping[str, str], seconds: float) -> Iterator[sqlite3.Connection]:
    """The file, once header, schema and pages are known to be good; errors become `SyncError`."""
    try:
        _check_header(path)
        connection = _connect(path, seconds)
        try:
            sqlite_file.check_schema(connection, path, tables)
            sqlite_file.check_integrity(connection, path)
            yield connection
        finally:
            connection.close()
    except (StoreError, sqlite3.Error, UnicodeDecodeError) as error:
        text = "took too long to check" if "interrupted" in str(error) else " ".join(str(error).split())
        raise SyncError(f"{name}: refused, the database is not one of this format ({text})") from error


def _check_header(path: Path) -> None:
    """The first 100 bytes, by https://sqlite.org/fileformat2.html#the_database_header."""
    with path.open("rb") as stream:
        header = stream.read(100)
    size = path.stat().st_size
    page = int.from_bytes(header[16:18], "big")
    if len(header) < 100 or header[:16] != _MAGIC:
        raise StoreError(f"{path}: not a SQLite file")
    if page != sqlite_file.PAGE_SIZE or size % page or size // page != int.from_bytes(header[28:32], "big"):
        raise StoreError(f"{path}: its pages do not add up to its length")
    if header[18:20] != b"\x01\x01":
        raise StoreError(f"{path}: needs a write-ahead log")
    if int.from_bytes(header[56:60], "big") != 1:
        raise StoreError(f"{path}: its text is not UTF-8")


def _connect(path: Path, seconds: float) -> sqlite3.Connection:
    # "immutable": no journal beside the file is looked for, whatever its header says.
    uri = f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_SQL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_CHECKS)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _meta(connection: sqlite3.Connection, path: Path, kind: str, numbers: tuple[str, ...]) -> dict[str, str]:
    _none(connection, str(path), "bad value", _BAD_META)
    meta = sqlite_file.read_meta(connection, path, kind, 1)
    for key in numbers:
        if not (meta.get(key, "").isascii() and meta.get(key, "").isdigit()):
            raise StoreError(f"{path}: its meta has no number {key!r}")
    if int(meta["dimension"]) < 1:
        raise StoreError(f"{path}: its meta has dimension 0")
    return meta


def _read_texts(connection: sqlite3.Connection, table: str) -> None:
    """Have every text decoded once: SQLite stores bytes that are no UTF-8 without complaint."""
    cursor = connection.execute(f"SELECT product_id, category, title, image, attributes FROM {table}")
    while cursor.fetchmany(1000):
        pass


def _none(connection: sqlite3.Connection, name: str, what: str, sql: str, *values: int) -> None:
    row = connection.execute(sql, values).fetchone()
    if row is not None:
        raise SyncError(f"{name}: refused, the database holds a {what} (product or key {str(row[0])[:80]!r})")
