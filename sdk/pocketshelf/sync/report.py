"""What a sync did, and what a device knows of its server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pocketshelf.sync.state import load_state
from pocketshelf.sync.trust import describe

__all__ = ["Outcome", "SyncReport", "sync_status"]

Outcome = Literal["updated", "current", "offline", "deferred"]


@dataclass(frozen=True)
class SyncReport:
    """What a sync did.

    Attributes:
        outcome: "updated"; "current", there was nothing to do, or nothing newer than what a rollback left
            (``why``); "offline", the server was away and the shelf is as before; "deferred", a background
            sync that is not due yet.
        how: "changes" or "snapshot" if updated.
        why: what decided between them (see `pocketshelf.sync.planner`), or why the server was away.
        from_sequence, sequence: of the shelf before and after; None without one.
        received: bytes downloaded, metadata left out.
        features: the shelf's local features (`pocketshelf.closely`) are those published: they were
            ("current"), or came as "changes" or whole ("snapshot"); None where none are published, or wanted.
        problem: why they are not, though they should be. The shelf is as ``outcome`` says, all the same.
        next_attempt: when a background sync is due again, if the server was away.
    """

    outcome: Outcome
    how: str | None = None
    why: str | None = None
    from_sequence: int | None = None
    sequence: int | None = None
    received: int = 0
    seconds: float = 0.0
    next_attempt: str | None = None
    features: str | None = None
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {**vars(self), "seconds": round(self.seconds, 3)}


def sync_status(store: str | Path) -> dict[str, Any]:
    """What the device knows of its server: for ``status``.

    Returns:
        the fields of `SyncState` and of its server's `Away`, and ``root_version`` and ``expires`` of the
        trusted metadata (None before the first sync).
    """
    path = Path(store)
    return {**load_state(path).to_status(), **describe(path / "trust")}
