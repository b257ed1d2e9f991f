"""The store that the demo searches: synced from a server, or built here where there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.catalogue import build_store
from pocketshelf.demo.dataset import Dataset
from pocketshelf.demo.output import OutputFolder
from pocketshelf.demo.server import LocalServer, missing_for_server
from pocketshelf.errors import SyncError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.progress import ProgressBar
from pocketshelf.store import Store

__all__ = ["Shelf", "make_shelf"]


@dataclass(frozen=True)
class Shelf:
    """How the store came to be.

    Attributes:
        import_seconds: embedding the catalogue's pictures (and, with a server, publishing them).
        sequence, products: of the store.
        store_bytes: of the whole folder.
        note: why it was built here, and what to install; empty if synced.
        sync_seconds, sync_bytes: the device's first sync; None without a server.
    """

    import_seconds: float
    sequence: int
    products: int
    store_bytes: int
    note: str = ""
    sync_seconds: float | None = None
    sync_bytes: int | None = None

    @property
    def synced(self) -> bool:
        """From a server; else built in this process."""
        return self.sync_bytes is not None


def make_shelf(dataset: Dataset, bundle: Bundle, output: OutputFolder, use_server: bool) -> Shelf:
    """Put the data set's catalogue into the output's store.

    Raises:
        ServerError, SyncError: the server or the sync failed.
        CatalogueError, BundleError, RuntimeUnavailable, StoreError: the store cannot be built.
    """
    missing = missing_for_server() if use_server else "--no-server was given"
    if missing is None:
        return _synced(dataset, bundle, output)
    remedy = " (pip install 'pocketshelf[server]' adds the server)" if use_server else ""
    return _built(
        dataset, bundle, output, f"No server ran: {missing}{remedy}. The store was built on this device."
    )


def _synced(dataset: Dataset, bundle: Bundle, output: OutputFolder) -> Shelf:
    from pocketshelf.sync import sync

    server = LocalServer(output.site, bundle.folder, output.log)
    started = time.perf_counter()
    server.fill(dataset.catalogue, dataset.images)
    imported = time.perf_counter() - started
    with server.serve() as url:
        report = sync(output.store, url, root=server.root, bundle=bundle)
    if report.outcome != "updated":
        raise SyncError(f"the first sync brought nothing ({report.outcome}: {report.why}); see {output.log}")
    return _described(output.store, imported, sync_seconds=report.seconds, sync_bytes=report.received)


def _built(dataset: Dataset, bundle: Bundle, output: OutputFolder, note: str) -> Shelf:
    with ProgressBar("build", "picture") as bar:
        report = build_store(dataset.catalogue, output.store, dataset.images, bundle, progress=bar.update)
    return _described(output.store, report.seconds, note=note)


def _described(path: Path, seconds: float, **said: Any) -> Shelf:
    with Store.open(path) as store:
        sequence, products = store.info.sequence, len(store)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Shelf(seconds, sequence, products, size, **said)
