"""The cores' command line as the Python SDK would have it: what the live tests hold the phones' cores to.

python_core.py sync --store S --server URL [--root FILE] [--shard all] [--allow-older]
python_core.py status | rollback | dump --store S
python_core.py search --store S --vectors FILE [--k 10] [--category NAME]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import PocketshelfError
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store, rollback_store
from pocketshelf.sync import sync, sync_status

__all__ = ["dump", "main", "search"]


def dump(store: Path) -> list[dict[str, Any]]:
    """Every product, by id, as the cores print them."""
    with Store.open(store) as opened:
        return [
            {
                **{name: getattr(product, name) for name in ("product_id", "title", "category", "image")},
                "attributes": product.attributes,
                "vectors": [row.tobytes().hex() for row in product.vectors],
            }
            for product in opened.shard
        ]


def search(store: Path, vectors: np.ndarray, k: int, category: str | None = None) -> list[dict[str, Any]]:
    """The hits of each query, best first.

    Args:
        vectors: float32 (n, D).
    """
    with Store.open(store) as opened:
        searcher = StoreSearcher(opened)
        names = list(opened.categories()) if category is None else [category]
        found = [searcher.search(vector, names, k) for vector in vectors]
    return [{"hits": [{"product_id": m.product_id, "score": m.score} for m in hits]} for hits in found]


def _sync(options: argparse.Namespace) -> list[dict[str, Any]]:
    root = Path(options.root).read_bytes() if options.root else None
    report = sync(
        options.store,
        options.server,
        root=root,
        shard=options.shard,
        allow_older=options.allow_older,
        closely=True,
    )
    return [{name: getattr(report, name) for name in ("outcome", "why", "sequence", "from_sequence")}]


def _search(options: argparse.Namespace) -> list[dict[str, Any]]:
    with Store.open(options.store) as store:
        dimension = store.meta.dimension
    vectors = np.fromfile(options.vectors, dtype="<f4").reshape(-1, dimension)
    return search(options.store, vectors, options.k, options.category)


def main() -> int:
    """Exit status 0: done; 1: one line on standard error says why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["sync", "status", "rollback", "dump", "search"])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--server")
    parser.add_argument("--root")
    parser.add_argument("--shard", default="all")
    parser.add_argument("--allow-older", action="store_true")
    parser.add_argument("--vectors")
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--category")
    options = parser.parse_args()
    commands = {
        "sync": _sync,
        "status": lambda options: [sync_status(options.store)],
        "rollback": lambda options: [{"generation": rollback_store(options.store)}],
        "dump": lambda options: dump(options.store),
        "search": _search,
    }
    try:
        for line in commands[options.command](options):
            print(json.dumps(line, ensure_ascii=False))
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
