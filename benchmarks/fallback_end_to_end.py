"""A shelf with 30 % of the products and the server behind it: who is asked, and what is found in the end.

Everything runs as for a user: a site with the whole grocery catalogue, a shard by assortment, `pocketshelf
sync`, then `pocketshelf search --server` on the real test photos, against the same search of a full shelf.

    python benchmarks/fallback_end_to_end.py [--share 0.3] [--seed 0] [--limit N]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import record
from pocketshelf.demo.server import LocalServer
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.bundle import default_bundle
from pocketshelf.sync import sync
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.predict import commands

K = 10


def ids(result: dict[str, Any], source: str | None = None) -> list[str]:
    """The first region's products, of one source if given."""
    regions = result.get("regions") or [{"hits": []}]
    return [h["product_id"] for h in regions[0]["hits"] if source is None or h["source"] == source]


def share(values: list[bool]) -> dict[str, float]:
    if not values:
        return {"photos": 0}
    value, low, high, count = mean_with_interval([float(v) for v in values])
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "photos": count}


def figures(samples: list[Sample], local: list, served: list, full: list) -> dict[str, Any]:
    """Escalations among local misses and hits, and R@1 with and without the server."""
    missed = [s.identity not in ids(r)[:K] for s, r in zip(samples, local, strict=True)]
    asked = [bool(r.get("fallback")) for r in served]
    first = [
        [s.identity in ids(r)[:1] for s, r in zip(samples, results, strict=True)]
        for results in (local, served, full)
    ]
    return {
        "local_misses_escalated": share([a for a, m in zip(asked, missed, strict=True) if m]),
        "local_hits_escalated": share([a for a, m in zip(asked, missed, strict=True) if not m]),
        "R@1": dict(zip(("local_only", "with_server", "full_shelf"), map(share, first), strict=True)),
    }


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    root, bundle = data_root(args.data), default_bundle()
    catalogue = root / "grocery" / "products.csv"
    samples = [s for s in grocery.load(root) if s.domain == "street" and s.split == "test"][: args.limit]
    products = sorted({s.identity or "" for s in grocery.load(root)}, key=int)
    kept = np.random.default_rng(args.seed).permutation(products)[: round(args.share * len(products))]
    site = folder / "site"
    server = LocalServer(site, bundle, folder / "server.log")
    server.fill(catalogue, catalogue.parent)
    (site / "part.txt").write_text("\n".join(kept) + "\n")
    config = json.loads((site / "config.json").read_text())
    config["shards"]["part"] = {"rule": "assortment", "file": "part.txt"}
    (site / "config.json").write_text(json.dumps(config))
    server.publish()
    photos = [s.image for s in samples]
    with server.serve() as url:
        for shard in ("all", "part"):
            sync(folder / shard, url, root=server.root, shard=shard)
        full = commands.search(photos, folder / "all", bundle)
        local = commands.search(photos, folder / "part", bundle)
        served = commands.search(photos, folder / "part", bundle, options=("--server", url))
    return {"products": len(products), "on_the_shelf": len(kept), **figures(samples, local, served, full)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--share", type=float, default=0.3, help="of the products on the shelf")
    parser.add_argument("--seed", type=int, default=0, help="which products")
    parser.add_argument("--limit", type=int, help="only so many photos, for a quick look")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"data": "grocery test photos", "seed": args.seed, **measure(args, Path(folder))}
    path = record.write("fallback_end_to_end", found)
    print(json.dumps(found, indent=1))
    print(f"written to {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketshelfError as error:
        sys.exit(f"error: {error}")
