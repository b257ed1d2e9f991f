"""What the page shows of the kiosk, from what is known of it: ``GET /api/state``. Pure rules.

{"store": {"sequence", "products", "updated": ISO 8601 or null, "age_s", "bundle"},
 "sync": {"server": bool, "state": "off|idle|running|failed", "last_success", "message"},
 "warnings": [{"code", "message"}, …], code being one of clock, disk_full, expired, sync_failed,
              previous_generation, worker_restarted, store, settings, settings_not_kept,
 "features": {"outfit", "barcodes", "corrections", "server", "phones", "max_photo_bytes"},
 "settings": {"language", "idle_s", "facing", "corrections", "theme", "live"},
 "pin": a PIN is set, "staff": this session is signed in,
 "categories": [name, …], "facets": [{"name", "values": [[value, products], …]}, …],
 "revision": changes whenever what the page has fetched of the shelf is to be fetched anew,
 "release": changes whenever the page itself does, see `pocketshelf.kiosk.release`}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pocketshelf.kiosk.freshness import clock_fault, freshness, moment_of
from pocketshelf.kiosk.release import release
from pocketshelf.kiosk.state.settings import SettingsFile
from pocketshelf.kiosk.syncing import BackgroundSync
from pocketshelf.shipped import version

__all__ = ["PHOTO_BYTES", "Situation", "state_of"]

# The files of 200-megapixel phones have up to 80 MB; the SDK would take more, a small machine's memory not.
PHOTO_BYTES = 100_000_000
RESTART_SHOWN_S = 120.0
# A server that is away for so long is worth a word on the screen.
LONG_AWAY = timedelta(days=2)


@dataclass(frozen=True)
class Situation:
    """What is known of a kiosk.

    Attributes:
        now: the present, in UTC.
        shelf: what the finder's order ``shelf`` answers.
        last_sync: when a sync reached its server, ISO 8601.
        server: whether one is asked with vectors. phones: whether they reach the kiosk by TLS.
        restarted_s: seconds since a worker had to be replaced; None if none had to.
        worker_fault: why there is no worker, in words.
    """

    now: datetime
    shelf: Mapping[str, Any]
    last_sync: str | None
    sync: BackgroundSync
    settings: SettingsFile
    server: bool
    phones: bool
    restarted_s: float | None
    worker_fault: str | None


def state_of(at: Situation) -> dict[str, Any]:
    """The document, without what it says of the session."""
    shelf, settings = at.shelf, at.settings.current
    fresh = freshness(at.now, moment_of(shelf.get("built")), moment_of(at.last_sync))
    store = {"sequence": shelf.get("sequence"), "products": shelf.get("products", 0)}
    return {
        "store": {**store, **fresh.to_json(), "bundle": shelf.get("bundle")},
        "sync": at.sync.to_json(at.last_sync),
        "warnings": [{"code": code, "message": message} for code, message in _warnings(at)],
        "features": {
            "outfit": bool(shelf.get("outfit")),
            "barcodes": bool(shelf.get("barcodes")),
            "corrections": settings.corrections,
            "server": at.server,
            "phones": at.phones,
            "max_photo_bytes": PHOTO_BYTES,
        },
        "settings": settings.to_json(),
        "categories": shelf.get("categories", []),
        "facets": shelf.get("facets", []),
        "revision": f"{version()}-{shelf.get('revision', '')}",
        "release": release(),
    }


def _warnings(at: Situation) -> Iterator[tuple[str, str]]:
    """What is wrong, and keeps nobody from searching: (code, message)."""
    clock = clock_fault(at.now, moment_of(at.shelf.get("built")), moment_of(at.last_sync))
    if clock is not None:
        yield "clock", clock
    yield from _of_sync(at)
    if at.shelf.get("damage"):
        yield "previous_generation", f"an older state of the shelf is searched: {at.shelf['damage']}"
    if at.restarted_s is not None and at.restarted_s < RESTART_SHOWN_S:
        yield "worker_restarted", "a photo could not be looked at, and the search was started again"
    if at.worker_fault is not None:
        yield "store", at.worker_fault
    if at.settings.warning is not None:
        yield "settings" if at.settings.kept else "settings_not_kept", at.settings.warning


def _of_sync(at: Situation) -> Iterator[tuple[str, str]]:
    fault = at.sync.fault
    if fault is None:
        return
    if fault.code != "offline":
        yield fault.code, fault.message
    elif _long_away(at):
        yield "sync_failed", fault.message


def _long_away(at: Situation) -> bool:
    last = moment_of(at.last_sync)
    return last is None or at.now - last > LONG_AWAY
