"""Syncing in the background, while searching goes on: when, and what to say when it does not go well."""

from __future__ import annotations

import errno
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pocketshelf.errors import PocketshelfError, one_line
from pocketshelf.formats.bundle import Bundle
from pocketshelf.store import Store
from pocketshelf.sync import Environment, SyncReport, bring_pictures, sync

__all__ = ["BackgroundSync", "Fault", "SyncPlan", "fault_of"]

State = Literal["off", "idle", "running", "failed"]
# Devices of a chain that start together do not ask together.
JITTER = 0.2
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
log = logging.getLogger("pocketshelf.kiosk")


@dataclass(frozen=True)
class SyncPlan:
    """What to sync, and how often.

    Attributes:
        every_s: seconds between two syncs.
        root: bytes of the root of trust; the store's own if None.
        pictures: folder that the pictures of the shelf's products are brought into; None: they are not.
    """

    store: Path
    server: str
    shard: str = "all"
    every_s: float = 900.0
    root: bytes | None = None
    bundle: Bundle | None = None
    pictures: Path | None = None


@dataclass(frozen=True)
class Fault:
    """Why a sync failed.

    Attributes:
        code: "disk_full", "expired", "offline" or "sync_failed".
    """

    code: str
    message: str


class BackgroundSync:
    """Syncs now and then, and when asked; nothing without a plan.

    Args:
        plan: None: the shelf is not synced here.
        on_success: called after each sync that reached its server, on the sync's thread.
        environment: network, file system and clock of the sync; the real ones if None.
        on_pictures: called, likewise, after pictures were looked for.
    """

    def __init__(
        self,
        plan: SyncPlan | None,
        on_success: Callable[[SyncReport], object] = lambda report: None,
        environment: Environment | None = None,
        on_pictures: Callable[[], object] = lambda: None,
    ) -> None:
        self._plan, self._on_success, self._environment = plan, on_success, environment
        self._on_pictures = on_pictures
        self._asked, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="pocketshelf-sync", daemon=True)
        self.state: State = "off" if plan is None else "idle"
        self.fault: Fault | None = None

    def start(self) -> None:
        """Begin; the first sync is due at once."""
        if self._plan is not None:
            self._thread.start()

    def ask(self) -> bool:
        """Sync as soon as may be; whether there is a server to sync with."""
        self._asked.set()
        return self._plan is not None

    def close(self) -> None:
        """No further sync; one that runs ends with the process, and the shelf is whole."""
        self._closed.set()
        self._asked.set()

    def to_json(self, last_success: str | None) -> dict[str, Any]:
        """One JSON object."""
        return {
            "server": self._plan is not None,
            "state": self.state,
            "last_success": last_success,
            "message": None if self.fault is None else self.fault.message,
        }

    def once(self, if_due: bool = True) -> None:
        """One sync, now; whatever goes wrong is `fault`.

        Args:
            if_due: leave a server alone that was away a moment ago.
        """
        if self._plan is None:
            return
        self.state = "running"
        try:
            self._take(self._synced(self._plan, if_due))
        except Exception as error:  # Searching goes on, whatever it is.
            self._fail(fault_of(error))
            if not isinstance(error, PocketshelfError | OSError):
                log.exception("a sync")

    def _synced(self, plan: SyncPlan, if_due: bool) -> SyncReport:
        return sync(
            plan.store,
            plan.server,
            shard=plan.shard,
            root=plan.root,
            bundle=plan.bundle,
            if_due=if_due,
            environment=self._environment,
        )

    def _bring_pictures(self) -> None:
        """What the shelf lacks of them, once it is fresh; they make way for a sync that is asked for."""
        plan = self._plan
        if plan is None or plan.pictures is None or self.state != "idle":
            return
        try:
            with Store.open(plan.store) as store:
                report = bring_pictures(store, plan.server, plan.pictures, stop=self._asked.is_set)
            log.info("pictures: %s", report.to_json())
        except Exception as error:  # As of a sync.
            self._fail(fault_of(error))
            if not isinstance(error, PocketshelfError | OSError):
                log.exception("pictures")
        finally:
            self._on_pictures()

    def _take(self, report: SyncReport) -> None:
        if report.outcome == "deferred":
            # It was away before this process began, perhaps.
            message = f"the server was away; next try after {report.next_attempt}"
            self.state, self.fault = "failed", self.fault or Fault("offline", message)
        elif report.outcome == "offline":
            self._fail(Fault("offline", one_line(report.why or "the server is away", 300)))
        else:
            log.info("synced: %s, sequence %s", report.outcome, report.sequence)
            self.state, self.fault = "idle", None
            if self._plan is not None and self._plan.root is not None:
                # It is established now; given again, a rotated one would be refused.
                self._plan = replace(self._plan, root=None)
            self._on_success(report)
            if report.problem is not None:  # The shelf is fresh, its covers are not looked at closely.
                code = "disk_full" if "free some space" in report.problem else "sync_failed"
                self._fail(Fault(code, one_line(report.problem, 300)))

    def _fail(self, fault: Fault) -> None:
        log.warning("sync: %s", fault.message)
        self.state, self.fault = "failed", fault

    def _run(self) -> None:
        asked = False
        while not self._closed.is_set():
            self._asked.clear()
            self.once(if_due=not asked)
            self._bring_pictures()
            asked = self._asked.wait(self._pause())

    def _pause(self) -> float:
        every = self._plan.every_s if self._plan is not None else 0.0
        return every * (1 + JITTER * (2 * random.random() - 1))


def fault_of(error: BaseException) -> Fault:
    """What a failed sync is called, by what caused it."""
    message = one_line(error, 300)
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    full = any(isinstance(each, OSError) and each.errno in _FULL for each in chain)
    if full or "free some space" in message:
        return Fault("disk_full", message)
    if any(type(each).__name__ == "ExpiredMetadataError" for each in chain):
        return Fault("expired", message)  # Held back, or this clock is ahead: nothing here tells which.
    return Fault("sync_failed", message)
