"""What a change costs: bytes of a delta against its rows and the snapshot, and the time to apply one.

A catalogue of synthetic products is published, 1 % of it is changed and published again (eight in ten
changed, one deleted, one new), then 10 % of it, several times. A device syncs each time, over a network
without latency, while another thread searches the generation before; the longest search of all is kept.

    python benchmarks/sync_delta.py [--products 100000] [--rounds 5]
"""

from __future__ import annotations

import gzip
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from common.sync_site import DIMENSION, URL, FolderFetcher, SyntheticSite
from pocketshelf.formats import open_delta
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store
from pocketshelf.sync import Environment, SyncReport, sync


class Searching(threading.Thread):
    """Searches the store's present generation until it is told to stop; keeps each search's milliseconds."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.milliseconds: list[float] = []
        self._path, self._stop_now = path, threading.Event()

    def run(self) -> None:
        rng = np.random.default_rng(0)
        with Store.open(self._path) as store:
            searcher = StoreSearcher(store)
            names = list(store.categories())[:5]
            searcher.search(rng.standard_normal(DIMENSION).astype(np.float32), names, 10)
            while not self._stop_now.is_set():
                query = rng.standard_normal(DIMENSION).astype(np.float32)
                started = time.perf_counter()
                searcher.search(query, names, 10)
                self.milliseconds.append(1000 * (time.perf_counter() - started))
                time.sleep(0.001)

    def stop(self) -> None:
        self._stop_now.set()
        self.join()


def churn(site: SyntheticSite, products: int, count: int, version: int) -> None:
    """Change ``count`` products: eighty per cent changed, ten deleted, ten new."""
    changed, moved = round(0.8 * count), round(0.1 * count)
    first = version * 2 * count % products
    site.put(range(first, first + changed), version)
    site.delete(range(first + changed, first + changed + moved))
    site.put(range(products + version * count, products + version * count + moved), version)
    site.publish()


def device_sync(
    store: Path, site: SyntheticSite, fetcher: FolderFetcher
) -> tuple[SyncReport, dict[str, float]]:
    """The report; seconds by the clock, and of processor time (on a busy machine they differ)."""
    started, used = time.perf_counter(), time.thread_time()
    report = sync(store, URL, root=site.root, environment=Environment(fetcher=fetcher))
    elapsed, processor = time.perf_counter() - started, time.thread_time() - used
    return report, {"seconds": round(elapsed, 3), "processor_seconds": round(processor, 3)}


def row_bytes(delta: Path) -> int:
    """The delta's rows alone, one JSON line and the vectors each, compressed: what any format must carry."""
    plain = delta.with_suffix(".plain")
    plain.write_bytes(gzip.decompress(delta.read_bytes()))
    with open_delta(plain) as opened:
        rows = [product.to_row() for product in opened.products()]
        texts = "\n".join(json.dumps(row[:-1], ensure_ascii=False) for row in rows)
        gone = "\n".join(f"{product_id},{sequence}" for product_id, sequence in opened.tombstones())
    plain.unlink()
    return len(gzip.compress(texts.encode() + b"".join(row[-1] for row in rows) + gone.encode(), 9))


def target(site: SyntheticSite, pattern: str) -> Path:
    """The published file whose name fits."""
    return max(
        (site.site.targets / "all").glob(f"*.{pattern}.sqlite.gz"), key=lambda path: path.stat().st_mtime
    )


def measure(folder: Path, products: int, rounds: int) -> dict[str, Any]:
    """All figures."""
    site, store = SyntheticSite(folder / "site"), folder / "store"
    fetcher = FolderFetcher(site.site)
    site.put(range(products))
    site.publish()
    _, first = device_sync(store, site, fetcher)
    churn(site, products, products // 100, version=1)
    delta, snapshot = target(site, "delta-*"), target(site, "snapshot-*")
    rows = row_bytes(delta)
    small, small_seconds = device_sync(store, site, fetcher)
    assert small.how == "changes", "the delta was not taken"
    idle, large, during = [], [], []
    for version in range(2, 2 + rounds):
        churn(site, products, products // 10, version)
        idle += searches(store, 300)
        seconds, milliseconds = searched_sync(store, site, fetcher)
        large.append(seconds)
        during += milliseconds
    return {
        "what": "delta sizes, times to apply, and searches meanwhile; synthetic products",
        "products": products,
        "churn_1_percent": {
            "changes": products // 100,
            "delta_bytes": delta.stat().st_size,
            "compressed_rows_bytes": rows,
            "delta_to_rows": round(delta.stat().st_size / rows, 3),
            "snapshot_bytes": snapshot.stat().st_size,
            "snapshot_to_delta": round(snapshot.stat().st_size / delta.stat().st_size, 1),
            "sync": small_seconds,
        },
        "churn_10_percent": {"changes": products // 10, "syncs": large},
        "first_sync": first,
        "search_ms_idle": summary(idle),
        "search_ms_during_sync": summary(during),
    }


def searched_sync(
    store: Path, site: SyntheticSite, fetcher: FolderFetcher
) -> tuple[dict[str, float], list[float]]:
    """Seconds of a sync, and milliseconds of each search while it went on."""
    thread = Searching(store)
    thread.start()
    while not thread.milliseconds:
        time.sleep(0.01)
    thread.milliseconds.clear()
    report, seconds = device_sync(store, site, fetcher)
    thread.stop()
    assert report.how == "changes", "the delta was not taken"
    return seconds, thread.milliseconds


def searches(store: Path, count: int) -> list[float]:
    """Milliseconds of ``count`` searches while nothing else goes on."""
    thread = Searching(store)
    thread.start()
    while len(thread.milliseconds) < count:
        time.sleep(0.1)
    thread.stop()
    return thread.milliseconds


def summary(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "count": len(ordered),
        "median": round(statistics.median(ordered), 2),
        "p99": round(ordered[int(0.99 * (len(ordered) - 1))], 2),
        "max": round(ordered[-1], 2),
    }


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5, help="syncs of 10 %% that are searched meanwhile")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), args.products, args.rounds)
    record.write("sync_delta", figures)
    one, ten = figures["churn_1_percent"], figures["churn_10_percent"]
    print(f"{args.products} synthetic products, {DIMENSION}-d int8")
    print(f"  1 % changed: delta {one['delta_bytes']} bytes, {one['delta_to_rows']} x its compressed rows;")
    print(f"    the snapshot is {one['snapshot_to_delta']} x as large ({one['snapshot_bytes']} bytes)")
    print(f"  first sync: {figures['first_sync']}")
    for changes, sync_ in ((one["changes"], one["sync"]), *((ten["changes"], s) for s in ten["syncs"])):
        print(f"  sync of {changes} changes: {sync_}")
    print(f"  a search, idle: {figures['search_ms_idle']}")
    print(f"  a search during the sync of {ten['changes']} changes: {figures['search_ms_during_sync']}")
    return 0


if __name__ == "__main__":
    record.run(main)
