"""``imports.sqlite``: what was imported and published, who started it, and which rows failed.

Written by `pocketshelf-server import` as well as by the console. The last `RUNS` runs are kept, and of each
at most `FAILURES` failed rows.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.catalogue.listing import RowProblem
from pocketshelf.errors import StoreError
from pocketshelf.formats.sqlite_file import transaction
from pocketshelf_server.owner import RUN_AS_ITS_USER, is_not_let

__all__ = ["CANCELLED", "COMMAND_LINE", "DONE", "FAILED", "FAILURES", "RUNNING", "Record", "Run"]

RUNS, FAILURES = 200, 10_000
RUNNING, DONE, FAILED, CANCELLED, CUT = "running", "done", "failed", "cancelled", "cut short"
COMMAND_LINE = "command line"
ENDED = "its process ended; run it again, and it goes on there"
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    title TEXT NOT NULL, by TEXT NOT NULL, images TEXT, started REAL NOT NULL, ended REAL,
    state TEXT NOT NULL, pid INTEGER NOT NULL,
    message TEXT NOT NULL DEFAULT '', added INTEGER, unchanged INTEGER, deleted INTEGER, sequence INTEGER,
    failed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS failures(run INTEGER NOT NULL, number INTEGER NOT NULL, line INTEGER NOT NULL,
    problem TEXT NOT NULL, PRIMARY KEY(run, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fetched(folder TEXT PRIMARY KEY);
"""
COLUMNS = (
    "id, kind, title, by, images, started, ended, state, pid, message, added, unchanged, deleted, sequence, "
    "failed"
)


@dataclass(frozen=True)
class Run:
    """One import or publication.

    Attributes:
        kind: "import" or "publish".
        title: the file's name, or the shards'.
        by: the token's name, or "command line".
        images: the folder that its pictures' names start from.
        started, ended: seconds since 1970.
        state: "running", "done", "failed", "cancelled" or "cut short".
        message: why it failed, or what it did.
        failed: how many rows did.
    """

    id: int
    kind: str
    title: str
    by: str
    images: str | None
    started: float
    ended: float | None
    state: str
    pid: int
    message: str
    added: int | None
    unchanged: int | None
    deleted: int | None
    sequence: int | None
    failed: int


class Record:
    """The file. A connection each time: it is seldom.

    Args:
        now: seconds since 1970.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path, self._now = path, now

    def begin(self, kind: str, title: str, by: str, images: Path | None = None) -> int:
        """Note that a run begins in this process; its number.

        Raises:
            StoreError: it cannot be written.
        """
        add = "INSERT INTO runs(kind, title, by, images, started, state, pid) VALUES(?, ?, ?, ?, ?, ?, ?)"
        folder = None if images is None else str(images.resolve())
        row = (kind, title[:300], by, folder, self._now(), RUNNING, os.getpid())
        with self._writing() as connection:
            number = connection.execute(add, row).lastrowid
            connection.execute("DELETE FROM runs WHERE id <= ?", (int(number or 0) - RUNS,))
            connection.execute("DELETE FROM failures WHERE run <= ?", (int(number or 0) - RUNS,))
        return int(number or 0)

    def name_images(self, run: int, images: Path) -> None:
        """Note the folder of its pictures, once that is known.

        Raises:
            StoreError: it cannot be written.
        """
        with self._writing() as connection:
            connection.execute("UPDATE runs SET images = ? WHERE id = ?", (str(images.resolve()), run))

    def name_fetched(self, folder: Path) -> None:
        """Note a folder in which pictures are kept that were fetched by their addresses.

        Raises:
            StoreError: it cannot be written.
        """
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO fetched VALUES(?)", (str(folder.resolve()),))

    def cut_short(self) -> None:
        """Note that the console's runs have ended that are still said to be at work: its server was killed.

        Raises:
            StoreError: it cannot be written.
        """
        if not self._path.is_file():
            return
        note = "UPDATE runs SET state = ?, message = ?, ended = ? WHERE state = ? AND by <> ?"
        with self._writing() as connection:
            connection.execute(note, (CUT, ENDED, self._now(), RUNNING, COMMAND_LINE))

    def end(self, run: int, state: str, message: str = "", **counts: int) -> None:
        """Note how it ended.

        Args:
            counts: added, unchanged, deleted, sequence, failed.

        Raises:
            StoreError: it cannot be written.
        """
        names = [name for name in ("added", "unchanged", "deleted", "sequence", "failed") if name in counts]
        sets = "".join(f", {name} = ?" for name in names)
        values = [self._now(), state, message[:2000], *(counts[name] for name in names), run]
        with self._writing() as connection:
            connection.execute(
                f"UPDATE runs SET ended = ?, state = ?, message = ?{sets} WHERE id = ?", values
            )

    def fail(self, run: int, problems: Iterable[RowProblem]) -> None:
        """Note rows that failed.

        Raises:
            StoreError: it cannot be written.
        """
        rows = [(run, n, p.line, p.problem[:1000]) for n, p in zip(range(FAILURES), problems, strict=False)]
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO failures VALUES(?, ?, ?, ?)", rows)

    def runs(self, limit: int = 50) -> list[Run]:
        """The last ones, newest first.

        Raises:
            StoreError: the file is damaged.
        """
        return self._read(f"SELECT {COLUMNS} FROM runs ORDER BY id DESC LIMIT ?", limit)

    def run(self, number: int) -> Run | None:
        """One of them."""
        found = self._read(f"SELECT {COLUMNS} FROM runs WHERE id = ?", number)
        return found[0] if found else None

    def failures(self, run: int, limit: int = FAILURES, offset: int = 0) -> list[RowProblem]:
        """Its failed rows, by line."""
        query = "SELECT line, problem FROM failures WHERE run = ? ORDER BY number LIMIT ? OFFSET ?"
        return [RowProblem(line, problem) for line, problem in self._rows(query, run, limit, offset)]

    def folders(self) -> list[Path]:
        """Where pictures lie: those that were fetched, then those of the last imports, the newest first."""
        runs = "SELECT images FROM runs WHERE images IS NOT NULL GROUP BY images ORDER BY max(id) DESC"
        queries = ("SELECT folder FROM fetched ORDER BY folder", runs)
        return [Path(folder) for query in queries for (folder,) in self._rows(query)]

    def _read(self, query: str, *values: object) -> list[Run]:
        return [_living(Run(*row)) for row in self._rows(query, *values)]

    def _rows(self, query: str, *values: object) -> list[tuple]:
        if not self._path.is_file():
            return []
        with self._errors(), closing(self._open()) as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), closing(self._open()) as connection, transaction(connection):
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            remedy = "free some space, or, if it is damaged, remove it: the record begins anew"
            if is_not_let(error, self._path):
                remedy = RUN_AS_ITS_USER
            raise StoreError(f"{self._path}: {error}; {remedy}") from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(SCHEMA)
        return connection


def _living(run: Run) -> Run:
    """A run whose process is gone has not been brought to its end."""
    if run.state != RUNNING or _alive(run.pid):
        return run
    return Run(**{**vars(run), "state": CUT, "message": ENDED})


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
