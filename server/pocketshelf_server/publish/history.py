"""What has been published: a change log of each shard, kept in ``published.sqlite``.

A shard's log differs from the catalogue's: a product may enter or leave it without any change of its
own, when a rule or another product's popularity moves it. Entering and leaving then take the number of
the generation. So a delta from any base *b* is "members numbered above b, tombstones numbered above b",
squashed by construction: a product is in one of the two at most, once.

The file is committed before the signed metadata is written, and the metadata is made from it. A crash
between the two leaves the old generation public; the next publication signs what is recorded here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.errors import StoreError
from pocketshelf.formats.sqlite_file import transaction
from pocketshelf_server.catalogue import Entry
from pocketshelf_server.owner import RUN_AS_ITS_USER, is_not_let
from pocketshelf_server.trust import PublishedTarget

__all__ = ["History", "ShardLog", "features_of", "shard_of"]

# What is public must be recorded here, even after a power cut.
SYNCHRONOUS = "FULL"
# No shard's own name has a slash.
_FEATURES = "/features"
SCHEMA = """
CREATE TABLE IF NOT EXISTS generations(shard TEXT, sequence INTEGER, PRIMARY KEY(shard, sequence));
CREATE TABLE IF NOT EXISTS latest(shard TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members(shard TEXT, product_id TEXT, number INTEGER NOT NULL,
    row_sequence INTEGER NOT NULL, PRIMARY KEY(shard, product_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tombstones(shard TEXT, product_id TEXT, number INTEGER NOT NULL,
    PRIMARY KEY(shard, product_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS targets(name TEXT, sha256 TEXT, shard TEXT NOT NULL, length INTEGER NOT NULL,
    custom TEXT NOT NULL, retired REAL, PRIMARY KEY(name, sha256));
CREATE TABLE IF NOT EXISTS prints(shard TEXT, product_id TEXT, number INTEGER NOT NULL,
    sha256 TEXT NOT NULL, PRIMARY KEY(shard, product_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


@dataclass
class ShardLog:
    """One shard's members and tombstones, in memory while it is being published.

    Attributes:
        members: product_id to (number in this shard, sequence of the catalogue's row).
        tombstones: product_id to number.
        generations: the published sequences that still get a delta, oldest first.
    """

    members: dict[str, tuple[int, int]]
    tombstones: dict[str, int]
    generations: list[int]

    @property
    def latest(self) -> int | None:
        """The published sequence, if there is one."""
        return self.generations[-1] if self.generations else None

    def differs(self, entries: list[Entry]) -> bool:
        """Whether the shard's content is no longer ``entries``."""
        if len(entries) != len(self.members):
            return True
        known = self.members
        return any(known.get(e.product_id, (0, -1))[1] != e.sequence for e in entries)

    def advance(self, entries: list[Entry], deleted: dict[str, int], sequence: int) -> None:
        """Make ``entries`` the content of generation ``sequence``.

        Args:
            deleted: the catalogue's tombstones, product_id to number.
        """
        before = self.latest if self.latest is not None else 0
        members = {e.product_id: (self._number(e, before, sequence), e.sequence) for e in entries}
        for product_id in self.members.keys() - members.keys():
            number = deleted.get(product_id, 0)
            self.tombstones[product_id] = number if before < number <= sequence else sequence
        for product_id in self.tombstones.keys() & members.keys():
            del self.tombstones[product_id]
        self.members = members
        self.generations.append(sequence)

    def _number(self, entry: Entry, before: int, sequence: int) -> int:
        known = self.members.get(entry.product_id)
        if known is not None and known[1] == entry.sequence:
            return known[0]
        # A device at `before` must get it, though the row itself may be older: it has entered by a rule.
        return entry.sequence if entry.sequence > before else sequence

    def retain(self, count: int) -> None:
        """Forget all but the last ``count`` bases before the latest generation, and their tombstones."""
        self.generations = self.generations[-(count + 1) :]
        oldest = self.generations[0]
        self.tombstones = {key: number for key, number in self.tombstones.items() if number > oldest}


def features_of(shard: str) -> str:
    """What a shard's local features are kept as: a shard beside it, whose files are signed as any."""
    return f"{shard}{_FEATURES}"


def shard_of(name: str) -> str:
    """The shard that files are kept of as ``name``."""
    return name.removesuffix(_FEATURES)


class History:
    """``published.sqlite``: the log of every shard and the list of signed files."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: it cannot be opened.
        """
        self._path = path
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
            self._connection.executescript(SCHEMA)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """One transaction that keeps a second publisher out; nothing is kept if the body fails.

        Raises:
            StoreError: another publisher is at work.
        """
        with self._errors(), transaction(self._connection):
            yield

    def load(self, shard: str) -> ShardLog:
        """The log of ``shard``; empty when it was never published."""
        run = self._connection.execute
        with self._errors():
            members = run("SELECT product_id, number, row_sequence FROM members WHERE shard = ?", (shard,))
            tombstones = run("SELECT product_id, number FROM tombstones WHERE shard = ?", (shard,))
            generations = run("SELECT sequence FROM generations WHERE shard = ? ORDER BY 1", (shard,))
            return ShardLog(
                {key: (number, row) for key, number, row in members},
                dict(tombstones),
                [sequence for (sequence,) in generations],
            )

    def save(self, shard: str, log: ShardLog) -> None:
        """Replace the log of ``shard``."""
        run, many = self._connection.execute, self._connection.executemany
        with self._errors():
            for table in ("members", "tombstones", "generations"):
                run(f"DELETE FROM {table} WHERE shard = ?", (shard,))
            many("INSERT INTO members VALUES(?, ?, ?, ?)", ((shard, k, *v) for k, v in log.members.items()))
            many("INSERT INTO tombstones VALUES(?, ?, ?)", ((shard, k, v) for k, v in log.tombstones.items()))
            many("INSERT INTO generations VALUES(?, ?)", ((shard, s) for s in log.generations))
            if log.latest is not None:
                run("INSERT OR REPLACE INTO latest VALUES(?, ?)", (shard, log.latest))

    def last_sequence(self, shard: str) -> int:
        """The last published sequence, even of a shard withdrawn since; -1 when it never was published.

        A device may still be there, so that no other content may ever have this number.
        """
        rows = self._run("SELECT sequence FROM latest WHERE shard = ?", shard)
        return rows[0][0] if rows else -1

    def sequences(self) -> dict[str, int]:
        """`last_sequence` of every shard that was ever published."""
        return dict(self._run("SELECT shard, sequence FROM latest"))

    def number(self, name: str) -> int:
        """A number that `set_number` keeps; 0 before it."""
        rows = self._run("SELECT value FROM numbers WHERE name = ?", name)
        return rows[0][0] if rows else 0

    def generations(self, shard: str) -> list[int]:
        """The published sequences of ``shard`` that still get a delta, and the latest, oldest first."""
        rows = self._run("SELECT sequence FROM generations WHERE shard = ? ORDER BY 1", shard)
        return [sequence for (sequence,) in rows]

    def set_number(self, name: str, value: int) -> None:
        """Keep a number: a role's highest signed version, by its name, or the lowest version to sign next."""
        self._run("INSERT OR REPLACE INTO numbers VALUES(?, ?)", name, value)

    def shards(self) -> list[str]:
        """Names of the shards that have signed files."""
        rows = self._run("SELECT DISTINCT shard FROM targets WHERE retired IS NULL ORDER BY 1")
        return sorted({shard_of(name) for (name,) in rows})

    def targets(self, shard: str | None = None) -> list[PublishedTarget]:
        """The files that are signed now, by name."""
        query = "SELECT name, sha256, shard, length, custom FROM targets WHERE retired IS NULL ORDER BY name"
        found = [
            PublishedTarget(name, sha256, of, length, json.loads(custom))
            for name, sha256, of, length, custom in self._run(query)
        ]
        return [target for target in found if shard in (None, target.shard)]

    def replace_targets(self, shard: str, targets: Iterable[PublishedTarget], now: float) -> None:
        """Make ``targets`` the signed files of ``shard``; those dropped count as retired from ``now``."""
        self._run("UPDATE targets SET retired = ? WHERE shard = ? AND retired IS NULL", now, shard)
        for t in targets:
            row = (t.name, t.sha256, t.shard, t.length, json.dumps(t.custom, sort_keys=True))
            self._run("INSERT OR REPLACE INTO targets VALUES(?, ?, ?, ?, ?, NULL)", *row)

    def drop_retired(self, before: float, now: float) -> list[tuple[str, str]]:
        """Forget files retired before that time; their (name, sha256)."""
        # By a clock that was ahead; they would stay for as long as that was.
        self._run("UPDATE targets SET retired = ? WHERE retired > ?", now, now)
        return self._run("DELETE FROM targets WHERE retired < ? RETURNING name, sha256", before)

    def prints(self, shard: str) -> dict[str, tuple[int, str]]:
        """Product → (generation since which its published features are what they are, their SHA-256)."""
        rows = self._run("SELECT product_id, number, sha256 FROM prints WHERE shard = ?", shard)
        return {product_id: (number, sha256) for product_id, number, sha256 in rows}

    def replace_prints(self, shard: str, prints: Mapping[str, tuple[int, str]]) -> None:
        """Replace `prints` of ``shard``."""
        self._run("DELETE FROM prints WHERE shard = ?", shard)
        rows = ((shard, key, *value) for key, value in prints.items())
        with self._errors():
            self._connection.executemany("INSERT INTO prints VALUES(?, ?, ?, ?)", rows)

    def oldest_base(self) -> int | None:
        """The oldest generation that some shard still makes deltas from."""
        return self._run("SELECT min(sequence) FROM generations")[0][0]

    def forget(self, shard: str) -> None:
        """Drop the log of a shard that is published no more."""
        self.save(shard, ShardLog({}, {}, []))

    def forget_bases(self) -> None:
        """Make no delta from any generation that was published so far."""
        self._run("DELETE FROM generations")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _run(self, statement: str, *values: Any) -> list[tuple]:
        with self._errors():
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}{_remedy(error, self._path)}") from error


def _remedy(failure: sqlite3.Error, path: Path) -> str:
    error = str(failure)
    if "locked" in error:
        return "; wait for the other publisher"
    if "malformed" in error or "not a database" in error:
        return (
            "; restore it from a backup, or remove it; then: `pocketshelf-server publish SITE --jump-ahead`"
        )
    if is_not_let(failure, path):
        return f"; {RUN_AS_ITS_USER}"
    return "; is its disk full?" if "disk" in error else ""
