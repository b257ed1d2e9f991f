"""What the device remembers of its syncs: ``sync.json`` in the store's folder. Only a memory, no truth.

{"format": "pocketshelf-sync", "version": 1, "server": "https://…", "shard": "all",
 "last_attempt": "…Z", "last_sync": "…Z", "server_sequence": 42, "failures": 0, "next_attempt": null}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pocketshelf.store.filesystem import FileSystem, write_atomically

__all__ = ["FILE_NAME", "SyncState", "load_state", "now", "save_state"]

FILE_NAME = "sync.json"
_FORMAT, _VERSION = "pocketshelf-sync", 1


@dataclass(frozen=True)
class SyncState:
    """See the module's description; times are ISO 8601 in UTC.

    Attributes:
        failures: attempts in a row in which the server was away.
        next_attempt: before it, a background sync (``if_due``) does nothing.
    """

    server: str | None = None
    shard: str | None = None
    last_attempt: str | None = None
    last_sync: str | None = None
    server_sequence: int | None = None
    failures: int = 0
    next_attempt: str | None = None

    def is_due(self, moment: datetime) -> bool:
        """Whether a background sync should try at ``moment``."""
        return self.next_attempt is None or moment >= datetime.fromisoformat(self.next_attempt)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def load_state(folder: Path) -> SyncState:
    """The state stored in ``folder``; a fresh one if there is none or it cannot be read."""
    try:
        document = json.loads((folder / FILE_NAME).read_bytes())
        if document["format"] != _FORMAT or document["version"] != _VERSION:
            return SyncState()
        state = SyncState(**{name: document.get(name) for name in SyncState.__dataclass_fields__})
        state.is_due(now())
        return state if isinstance(state.failures, int) else SyncState()
    except (OSError, ValueError, KeyError, TypeError):
        return SyncState()


def save_state(folder: Path, state: SyncState, files: FileSystem) -> None:
    """Replace the stored state.

    Raises:
        OSError: the folder cannot be written.
    """
    document = {"format": _FORMAT, "version": _VERSION, **asdict(state)}
    write_atomically(files, folder / FILE_NAME, (json.dumps(document, indent=1) + "\n").encode())
