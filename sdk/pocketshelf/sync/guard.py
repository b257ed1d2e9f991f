"""Look at a database from a server before anything of ours reads it.

Signed does not mean harmless: the publisher's machine may have been taken over. A SQLite file can carry
SQL of its own (triggers, views, generated columns, expression indexes) that would run inside ours, and
bytes that SQLite does not expect. So a file is refused unless its header, its schema word for word, its
pages and the type of every value are those of the format (`pocketshelf.formats.product_file`).

See "Defense Against The Dark Arts" in SQLite's documentation, https://sqlite.org/security.html.
"""

from __future__ import annotations

import os
import sqlite3
import time
import urllib.parse
from contextlib import closing
from pathlib import Path

from pocketshelf.errors import StoreError, SyncError, one_line
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.product_file import Meta, ProductFile

__all__ = ["check_file"]

_MAGIC = b"SQLite format 3\x00"
_LONGEST_VALUE = 2_000_000
_LONGEST_SQL = 10_000
_STEPS_BETWEEN_CHECKS = 200_000


def check_file(kind: type[ProductFile[Meta]], path: Path, name: str, seconds: float) -> Meta:
    """Check an unpacked snapshot (`Shard`) or unpacked changes (`Delta`): header, schema, pages and values.

    Args:
        name: what to call it in messages.
        seconds: longest time for the checks.

    Returns:
        what it says of itself.

    Raises:
        SyncError: the first thing that does not fit.
    """
    try:
        _check_header(path)
        with closing(_connect(path, seconds)) as connection:
            # Before anything is read: a view or a virtual table in place of a table would run.
            sqlite_file.check_schema(connection, path, kind.KIND)
            opened = kind(path, connection)
            opened.check()
            return opened.meta
    except (StoreError, sqlite3.Error, UnicodeDecodeError) as error:
        text = "took too long to check" if "interrupted" in str(error) else one_line(error, 1000)
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
    uri = f"file:{urllib.parse.quote(os.fsencode(path.resolve()))}?mode=ro&immutable=1"
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
