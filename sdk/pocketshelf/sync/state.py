"""What the device remembers of its syncs: ``sync.json`` in the store's folder. Only a memory, no truth.

{"format": "pocketshelf-sync", "version": 1, "server": "https://…", "shard": "all",
 "last_attempt": "…Z", "last_sync": "…Z", "server_sequence": 42,
 "away": {"https://…": {"failures": 2, "next_attempt": "…Z"}}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pocketshelf.errors import SyncError
from pocketshelf.files import read_plain
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields
from pocketshelf.store.filesystem import FileSystem, write_over
from pocketshelf.sync.backoff import LONGEST

__all__ = ["FILE_NAME", "Away", "SyncState", "load_state", "now", "save_state"]

FILE_NAME = "sync.json"
_FORMAT, _VERSION = "pocketshelf-sync", 1
_MOST_BYTES, _MOST_SERVERS = 100_000, 8


@dataclass(frozen=True)
class Away:
    """A server that did not answer.

    Attributes:
        failures: attempts in a row in which it was away.
        next_attempt: before it, a background sync (``if_due``) leaves it alone.
    """

    failures: int
    next_attempt: str


@dataclass(frozen=True)
class SyncState:
    """See the module's description; times are ISO 8601 in UTC.

    Attributes:
        server, shard, last_sync, server_sequence: of the last sync that reached its server.
        away: by address, the latest last.
    """

    server: str | None = None
    shard: str | None = None
    last_attempt: str | None = None
    last_sync: str | None = None
    server_sequence: int | None = None
    away: Mapping[str, Away] = field(default_factory=dict)

    def waits_for(self, server: str, moment: datetime) -> str | None:
        """When a background sync should try ``server`` again; None if it should at ``moment``.

        A time further off than the longest back-off was written by a clock that was wrong.
        """
        away = self.away.get(_key(server))
        if away is None:
            return None
        left = datetime.fromisoformat(away.next_attempt) - moment
        return away.next_attempt if timedelta(0) < left <= timedelta(seconds=LONGEST) else None

    def failures(self, server: str) -> int:
        """Attempts in a row in which ``server`` was away."""
        away = self.away.get(_key(server))
        return 0 if away is None else away.failures

    def failed(self, server: str, moment: datetime, due: datetime) -> SyncState:
        """The state after ``server`` was away at ``moment``, to be left alone until ``due``."""
        others = {key: away for key, away in self.away.items() if key != _key(server)}
        others[_key(server)] = Away(self.failures(server) + 1, due.isoformat())
        latest = dict(list(others.items())[-_MOST_SERVERS:])
        return replace(self, last_attempt=moment.isoformat(), away=latest)

    def succeeded(self, server: str, shard: str, moment: datetime, sequence: int) -> SyncState:
        """The state after a sync with ``server``, which published ``sequence``."""
        stamp = moment.isoformat()
        others = {key: away for key, away in self.away.items() if key != _key(server)}
        return SyncState(server, shard, stamp, stamp, sequence, others)

    def to_status(self) -> dict[str, Any]:
        """For ``status``: with the back-off of the server that is synced with, or was tried last."""
        document = asdict(self)
        away = document.pop("away")
        known = next(reversed(away), "") if self.server is None else _key(self.server)
        return {**document, **away.get(known, {"failures": 0, "next_attempt": None})}


def _key(server: str) -> str:
    return server.rstrip("/").casefold()


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def load_state(folder: Path) -> SyncState:
    """The state stored in ``folder``; a fresh one if there is none or it cannot be read."""
    try:
        document = strict_json.loads(read_plain(folder / FILE_NAME, _MOST_BYTES))
        return _state(Fields(document, FILE_NAME, SyncError))
    except (OSError, ValueError, SyncError):
        return SyncState()


def _state(top: Fields) -> SyncState:
    if top.text("format") != _FORMAT or top.integer("version") != _VERSION:
        raise ValueError("another format")
    servers = top.optional_child("away")
    return SyncState(
        server=top.optional_text("server"),
        shard=top.optional_text("shard"),
        last_attempt=_time(top, "last_attempt") if top.has("last_attempt") else None,
        last_sync=_time(top, "last_sync") if top.has("last_sync") else None,
        server_sequence=top.integer("server_sequence", low=0) if top.has("server_sequence") else None,
        away={name: _away(servers.child(name)) for name in servers},
    )


def _away(part: Fields) -> Away:
    return Away(part.integer("failures", low=1), _time(part, "next_attempt"))


def _time(part: Fields, name: str) -> str:
    text = part.text(name)
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{name} is of no time zone")
    return text


def save_state(folder: Path, state: SyncState, files: FileSystem) -> None:
    """Replace the stored state, whatever stands in its place.

    Raises:
        OSError: the folder cannot be written.
    """
    document = {"format": _FORMAT, "version": _VERSION, **asdict(state)}
    write_over(files, folder / FILE_NAME, (json.dumps(document, indent=1) + "\n").encode())
