"""A shelf with 30 % of the products and the server behind it: who is asked, and what is found in the end.

Everything runs as for a user: a site with the whole grocery catalogue, a shard by assortment, a sync, then
searches of the real test photos with that server behind them, against the same searches of a full shelf.

    python benchmarks/fallback_end_to_end.py [--share 0.3] [--seed 0] [--limit N]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from pocketshelf import Retriever
from pocketshelf.demo.server import LocalServer
from pocketshelf.formats.bundle import default_bundle
from pocketshelf.sync import sync
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.intervals import mean_with_interval
from pocketshelf_training.predict.shelf import first_hits, search_photos

K = 10


def search(samples: list[Sample], store: Path, bundle: Path, server: str | None = None) -> list:
    """A `SearchResult` a sample, None of a photo that cannot be read."""
    with Retriever.open(store, bundle, server=server) as retriever:
        return search_photos(retriever, [sample.image for sample in samples])


def share(values: list[bool]) -> dict[str, float]:
    if not values:
        return {"photos": 0}
    value, low, high, count = mean_with_interval([float(v) for v in values])
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4), "photos": count}


def figures(samples: list[Sample], local: list, served: list, full: list) -> dict[str, Any]:
    """Escalations among local misses and hits, and R@1 with and without the server."""
    missed = [s.identity not in first_hits(r, K) for s, r in zip(samples, local, strict=True)]
    asked = [bool(r and r.fallback) for r in served]
    first = [
        [s.identity in first_hits(r, 1) for s, r in zip(samples, results, strict=True)]
        for results in (local, served, full)
    ]
    return {
        "local_misses_escalated": share([a for a, m in zip(asked, missed, strict=True) if m]),
        "local_hits_escalated": share([a for a, m in zip(asked, missed, strict=True) if not m]),
        "R@1": dict(zip(("local_only", "with_server", "full_shelf"), map(share, first), strict=True)),
    }


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    bundle, catalogue = default_bundle(), grocery.catalogue(args.data)
    samples = grocery.photos("test", args.data)[: args.limit]
    products = sorted({s.identity or "" for s in grocery.shop_pictures(args.data)}, key=int)
    kept = np.random.default_rng(args.seed).permutation(products)[: round(args.share * len(products))]
    site = folder / "site"
    server = LocalServer(site, bundle, folder / "server.log")
    server.fill(catalogue, catalogue.parent)
    (site / "part.txt").write_text("\n".join(kept) + "\n")
    config = json.loads((site / "config.json").read_text())
    config["shards"]["part"] = {"rule": "assortment", "file": "part.txt"}
    (site / "config.json").write_text(json.dumps(config))
    server.publish()
    with server.serve() as url:
        for shard in ("all", "part"):
            sync(folder / shard, url, root=server.root, shard=shard)
        full = search(samples, folder / "all", bundle)
        local = search(samples, folder / "part", bundle)
        served = search(samples, folder / "part", bundle, url)
    return {"products": len(products), "on_the_shelf": len(kept), **figures(samples, local, served, full)}


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--share", type=float, default=0.3, help="of the products on the shelf")
    parser.add_argument("--seed", type=int, default=0, help="which products")
    parser.add_argument("--limit", type=int, help="only so many photos, for a quick look")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = {"data": "grocery test photos", "seed": args.seed, **measure(args, Path(folder))}
    record.write("fallback_end_to_end", measured)
    print(json.dumps(measured, indent=1))
    return 0


if __name__ == "__main__":
    record.run(main)
