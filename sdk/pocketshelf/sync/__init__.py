"""Sync: bring a store to the state that a server published, over bad networks, past kills and lies.

    from pocketshelf.sync import sync

    report = sync("shelf", "https://shop.example", root=Path("root.json").read_bytes())
    report.outcome, report.sequence

What is downloaded is trusted by The Update Framework's rules (`trust`), bounded and resumable (`download`,
`unpack`), looked at before it is used (`guard`), and becomes a new generation beside the current one
(`generation`). What to download is decided by `planner`, which reads and writes nothing.

Names are loaded on first use (PEP 562): a search reads a manifest of this room, and needs no network.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pocketshelf.errors import Unreachable
    from pocketshelf.formats.bundle import Bundle
    from pocketshelf.sync.fetcher import Answer, Fetcher
    from pocketshelf.sync.limits import Limits
    from pocketshelf.sync.manifest import Manifest, parse_manifest
    from pocketshelf.sync.pictures import PicturesReport, bring_pictures
    from pocketshelf.sync.report import SyncReport, sync_status
    from pocketshelf.sync.syncer import Environment

__all__ = [
    "Answer",
    "Environment",
    "Fetcher",
    "Limits",
    "Manifest",
    "PicturesReport",
    "SyncReport",
    "Unreachable",
    "bring_pictures",
    "parse_manifest",
    "sync",
    "sync_status",
]

_HOMES = {
    "Answer": "pocketshelf.sync.fetcher",
    "Environment": "pocketshelf.sync.syncer",
    "Fetcher": "pocketshelf.sync.fetcher",
    "Limits": "pocketshelf.sync.limits",
    "Manifest": "pocketshelf.sync.manifest",
    "PicturesReport": "pocketshelf.sync.pictures",
    "SyncReport": "pocketshelf.sync.report",
    "Unreachable": "pocketshelf.errors",
    "bring_pictures": "pocketshelf.sync.pictures",
    "parse_manifest": "pocketshelf.sync.manifest",
    "sync_status": "pocketshelf.sync.report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def sync(
    store: str | Path,
    server_url: str,
    *,
    shard: str = "all",
    root: bytes | None = None,
    trust_on_first_use: bool = False,
    bundle: Bundle | None = None,
    if_due: bool = False,
    allow_older: bool = False,
    closely: bool | None = None,
    environment: Environment | None = None,
) -> SyncReport:
    """Bring the store at ``store`` to the state that the server published last.

    Searches go on in the old generation meanwhile; `Retriever.reload` takes up the new one.

    Args:
        store: the store's folder; made if it is missing.
        server_url: the address below which ``/v1/metadata`` and ``/v1/targets`` lie.
        shard: which of the server's shards this device carries.
        root: bytes of the root.json to trust. Needed once; else ``<store>/root.json`` is taken.
        trust_on_first_use: with no root at all, trust whoever answers the first sync.
        bundle: the app's models; a shelf that they cannot search is refused.
        if_due: for background syncs: do nothing while backing off from a server that was away.
        allow_older: accept a published state older than the device's (a restored server).
        closely: bring the local features that the server publishes, too (`pocketshelf.closely`); None where
            OpenCV is installed. They come last, and what goes wrong with them is ``problem`` in the report.
        environment: network, file system, clock and limits.

    Returns:
        what was done. A server that is away is no error: the outcome is "offline".

    Raises:
        UsageError: ``server_url`` is no address.
        SyncError: the server lied, went back, is too slow, or there is no room; one line says which.
        SpaceMismatch: its shelf belongs to other models.
        ServerError: there is no signed repository at this address.
        StoreError: the folder cannot be written, or another sync is running.

    After any of these the store is as it was before.
    """
    from pocketshelf.sync.syncer import Request, Syncer

    request = Request(server_url, shard, root, trust_on_first_use, bundle, if_due, allow_older, closely)
    return Syncer(store, request, environment).run()
