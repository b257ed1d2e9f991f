"""From one kiosk to a hundred million products: what a device costs, measured, and what many cost, computed.

Measured here: bytes and requests of syncs with a real site's code, of synthetic products (128 numbers each),
and bytes a product of every file; they do not depend on the machine's speed. Computed from them: requests,
egress and memory for devices and products that nobody ran here, under the assumptions in the table's head.

    python benchmarks/scale.py [--products 20000]
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from common import record
from common.sync_site import DIMENSION, URL, FolderFetcher, SyntheticSite
from pocketshelf.cli import values
from pocketshelf.store import StoreFolder
from pocketshelf.sync import Answer, Environment, sync

# What a server's and a device's headers add to a request's body, TLS left out.
HEADER_BYTES = 600
DAY = 86_400
CHANGED_A_DAY, GENERATIONS_A_DAY = 0.01, 4
# Numbers and 4 bytes of length, as `scan` holds a vector (`pocketshelf_server.search.scan`).
SCAN_BYTES = DIMENSION + 4


class Shop(NamedTuple):
    """A size that somebody could have."""

    name: str
    catalogue: int
    shelf: int
    devices: int
    syncs_a_day: int


SHOPS = (
    Shop("one kiosk", 1_000, 1_000, 1, 96),
    Shop("a shop with 20 kiosks", 20_000, 20_000, 20, 96),
    Shop("a chain: 1,000 kiosks", 100_000, 100_000, 1_000, 96),
    Shop("an app on 100,000 phones", 1_000_000, 100_000, 100_000, 4),
    Shop("an app on 1,000,000 phones", 10_000_000, 100_000, 1_000_000, 4),
    Shop("a marketplace, 10,000,000 phones", 100_000_000, 100_000, 10_000_000, 4),
)


class Counting(FolderFetcher):
    """Counts requests and bytes."""

    requests = 0

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """See `pocketshelf.sync.Fetcher`."""
        self.requests += 1
        return super().get(url, offset=offset, etag=etag, seconds=seconds)


def device_cost(store: Path, site: SyntheticSite) -> dict[str, Any]:
    """Requests and body bytes of one sync, and what it did."""
    fetcher = Counting(site.site)
    report = sync(store, URL, root=site.root, environment=Environment(fetcher=fetcher))
    return {"how": report.how or report.outcome, "requests": fetcher.requests, "bytes": fetcher.received}


def measure(folder: Path, products: int) -> dict[str, Any]:
    """A first sync, one without changes, one of 1 % changes; bytes a product of each file."""
    site, store = SyntheticSite(folder / "site"), folder / "store"
    site.put(range(products))
    site.publish()
    first, idle = device_cost(store, site), device_cost(store, site)
    changes = products // 100
    site.put(range(changes), version=1)
    site.publish()
    changed = device_cost(store, site)
    assert (first["how"], idle["how"], changed["how"]) == ("snapshot", "current", "changes")
    generation = StoreFolder(store).generation(StoreFolder(store).require_current())
    derived = sum(file.stat().st_size for file in (generation / "index").rglob("*") if file.is_file())
    targets = [file for file in site.site.targets.rglob("*") if file.is_file()]
    snapshot = max(file.stat().st_size for file in targets if "snapshot" in file.name)
    delta = max(file.stat().st_size for file in targets if "delta" in file.name)
    return {
        "products": products,
        "syncs": {"first": first, "without changes": idle, "1 % changed": changed},
        "bytes": {
            "snapshot, a product": round(snapshot / products, 1),
            "delta, a change": round(delta / changes, 1),
            "shard on the device, a product": round(
                (generation / "shard.sqlite").stat().st_size / products, 1
            ),
            "derived index on the device, a product": round(derived / products, 1),
            "catalogue on the server, a product": round(_catalogue_bytes(folder / "site") / products, 1),
        },
    }


def _catalogue_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("catalogue.sqlite*"))


def computed(shop: Shop, measured: dict[str, Any]) -> dict[str, Any]:
    """What a shop costs its server in a day; nothing of it was run."""
    syncs, size = measured["syncs"], measured["bytes"]
    with_changes = min(GENERATIONS_A_DAY, shop.syncs_a_day)
    without = shop.syncs_a_day - with_changes
    idle, changed = syncs["without changes"], syncs["1 % changed"]
    requests = with_changes * changed["requests"] + without * idle["requests"]
    # Of a sync with changes, what is not the delta: metadata and manifest.
    overhead = changed["bytes"] - size["delta, a change"] * measured["products"] / 100
    deltas = CHANGED_A_DAY * shop.shelf * size["delta, a change"]
    body = deltas + with_changes * overhead + without * idle["bytes"]
    # Two generations, the current one and the one before.
    on_device = size["shard on the device, a product"] + size["derived index on the device, a product"]
    day = shop.devices * (body + requests * HEADER_BYTES)
    return {
        **shop._asdict(),
        "first_sync_mb": round(shop.shelf * size["snapshot, a product"] / 1e6, 2),
        "requests_a_device_and_day": requests,
        "requests_a_second": round(shop.devices * requests / DAY, 3),
        "kilobytes_a_device_and_day": round((body + requests * HEADER_BYTES) / 1e3, 1),
        "egress_gb_a_day": round(day / 1e9, 3),
        "egress_mbit_s": round(8 * day / DAY / 1e6, 3),
        "device_disk_mb": round(2 * shop.shelf * on_device / 1e6, 1),
        "catalogue_gb": round(shop.catalogue * size["catalogue on the server, a product"] / 1e9, 3),
        "scan_memory_gb": round(shop.catalogue * SCAN_BYTES / 1e9, 4),
    }


def main() -> int:
    """Measure, compute, print, write ``results/scale.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--products", type=values.integer(1_000, 1_000_000), default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pocketshelf-scale-") as folder:
        measured = measure(Path(folder), args.products)
    rows = [computed(shop, measured) for shop in SHOPS]
    assumed = {
        "changed_a_day": CHANGED_A_DAY,
        "generations_a_day": GENERATIONS_A_DAY,
        "header_bytes": HEADER_BYTES,
        "scan_bytes_a_vector": SCAN_BYTES,
    }
    record.write("scale", {"measured": measured, "assumed": assumed, "computed": rows})
    for name, value in measured["bytes"].items():
        print(f"{name}: {value} bytes")
    for name, cost in measured["syncs"].items():
        print(f"a sync {name}: {cost}")
    for row in rows:
        print(" · ".join(f"{key} {value}" for key, value in row.items()))
    return 0


if __name__ == "__main__":
    record.run(main)
