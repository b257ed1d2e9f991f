"""What shards and deltas share: SQLite files from outside, opened without trusting them.

A file that was downloaded may be hostile. It is opened read-only with ``trusted_schema`` off, and refused
unless its schema is exactly the tables of its format: no view, trigger, index or virtual table, whose SQL
would run inside ours.

SQLite is told to lock nothing: a file is read that no longer changes, or written by the one that made it, in
a folder that nobody else reads. Network drives often cannot lock.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pocketshelf.errors import StoreError
from pocketshelf.shipped import shipped

__all__ = [
    "check_integrity",
    "check_schema",
    "connect",
    "create",
    "read_meta",
    "statements",
    "transaction",
    "uri",
    "wrapped",
    "write_meta",
]

# The same rows must give the same bytes everywhere; 4,096 is SQLite's own default since 3.12.
PAGE_SIZE = 4096


@functools.cache
def statements(name: str) -> tuple[str, ...]:
    """The statements of ``contract/sql/<name>.sql``, which every platform runs, each on one line."""
    lines = shipped(f"contract/sql/{name}.sql").read_text(encoding="utf-8").splitlines()
    text = " ".join(line.strip() for line in lines if not line.startswith("--"))
    return tuple(statement.strip() for statement in text.split(";") if statement.strip())


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the write lock from its start; nothing of it is kept if the body fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it by itself when the disk is full.
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def wrapped(path: Path, verb: Literal["read", "written"] = "read") -> Iterator[None]:
    """Turn SQLite's and the system's errors into one `StoreError` about ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
            raise StoreError(f"{path}: it has been closed; open it again") from error
        remedy = "free some space" if "full" in str(error) else "sync or build it again"
        raise StoreError(f"{path}: cannot be {verb} ({error}); {remedy}") from error
    except UnicodeDecodeError as error:  # SQLite keeps bytes that are no UTF-8 without complaint.
        raise StoreError(f"{path}: damaged, a text is no UTF-8; sync or build it again") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be {verb} ({error.strerror or error})") from error


def connect(path: Path, writable: bool = False) -> sqlite3.Connection:
    """Open an existing file; usable from any one thread at a time.

    Raises:
        StoreError: it is missing or no SQLite file.
    """
    if not path.is_file():
        raise StoreError(f"{path}: no such file")
    with wrapped(path):
        # Who shares a connection locks around each call (`ProductFile.query`): SQLite guards itself, Python's
        # module does not. Two threads may get one cached statement; a call that meets a close may crash.
        connection = sqlite3.connect(
            uri(path, writable), uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA schema_version").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def uri(path: Path, writable: bool = False) -> str:
    """What SQLite opens as the existing file ``path``, without locks and without a journal beside it."""
    how = "mode=rw&nolock=1" if writable else "mode=ro&immutable=1"
    return f"file:{urllib.parse.quote(os.fsencode(path.resolve()))}?{how}"


@contextmanager
def create(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A new file with the tables of ``schema``, filled in one transaction by the body; removed if it fails.

    Args:
        schema: a name for `statements`.

    Raises:
        StoreError: the file exists or cannot be written.
    """
    with _fresh_file(path), wrapped(path, "written"):
        path.touch()
        connection = sqlite3.connect(uri(path, writable=True), uri=True, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            # Nobody else sees the file before it is complete: a rollback journal would be for nothing.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("BEGIN")
            for statement in statements(schema):
                connection.execute(statement)
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


@contextmanager
def _fresh_file(path: Path) -> Iterator[None]:
    """Refuse an existing ``path``; remove what the body left there if it fails."""
    if path.exists():
        raise StoreError(f"{path}: exists already")
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_meta(connection: sqlite3.Connection, meta: Mapping[str, object]) -> None:
    """Fill the table ``meta``; values become text, None is left out."""
    rows = [(key, str(value)) for key, value in sorted(meta.items()) if value is not None]
    connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)


def read_meta(connection: sqlite3.Connection, path: Path, kind: str, version: int) -> dict[str, str]:
    """The table ``meta`` of a file of format ``kind`` and ``version``.

    Raises:
        StoreError: it is another format or version.
    """
    with wrapped(path):
        try:
            # Bounded: the file may be anybody's.
            rows = connection.execute("SELECT key, value FROM meta WHERE length(value) <= 10000 LIMIT 100")
            meta = dict(rows)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{path}: not a {kind} (it has no readable table 'meta')") from error
    if meta.get("format") != kind:
        raise StoreError(f"{path}: not a {kind} (its format is {meta.get('format')!r})")
    if meta.get("version") != str(version):
        raise StoreError(f"{path}: {kind} version {meta.get('version')} is unknown; update pocketshelf")
    return meta


def check_schema(connection: sqlite3.Connection, path: Path, schema: str) -> None:
    """Refuse any object that is no table of ``schema``, word for word, or its automatic index.

    Args:
        schema: a name for `statements`.

    Raises:
        StoreError: the schema differs.
    """
    with wrapped(path):
        rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    if not all(isinstance(value, str | None) for row in rows for value in row):
        raise StoreError(f"{path}: damaged, its schema holds what is no text; sync or build it again")
    tables = {_words(sql) for kind, _, _, sql in rows if kind == "table"}
    if tables != {_words(statement) for statement in statements(schema)}:
        raise StoreError(f"{path}: its tables are not those of its format")
    for kind, name, table, sql in rows:
        automatic = kind == "index" and sql is None and name.startswith(f"sqlite_autoindex_{table}_")
        if kind != "table" and not automatic:
            raise StoreError(f"{path}: holds a {kind} {name!r}, which its format does not have")


def check_integrity(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of every page.

    Raises:
        StoreError: it found damage.
    """
    with wrapped(path):
        (answer, *_), *_ = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if answer != "ok":
        raise StoreError(f"{path}: damaged ({' '.join(answer.split())}); sync or build it again")


def _words(sql: str | None) -> str:
    return "".join((sql or "").split())
