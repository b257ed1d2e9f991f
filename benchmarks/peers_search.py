"""Search, bytes, opening, adding and deleting: a shelf beside hnswlib, Faiss and sqlite-vec.

The same vectors (synthetic, clustered, seed 0: `common.engines.vectors`), the same queries, one thread;
graphs of a million are built by two, and what a change of ours copies is hashed by a second. Each engine
keeps what it needs to answer with: ours titles and categories as well, the others vectors and numbers.
Recall is the share of the exact ten. "One category" is a fiftieth of the shelf, as each engine filters:
hnswlib and Faiss by a function or selector on the graph. What is ready is opened and has answered once, over
everything; a change is ready when it has been searched.

Then ours alone (`shelf_parts`): bytes by what they are for, filters by attribute, several pictures a product,
and a graph mapped from its file beside one in verified memory.

    pip install 'pocketshelf[bench]'
    python benchmarks/peers_search.py [--sizes 1000 20000 100000] [--queries 100] [--minutes 30]
    python benchmarks/peers_search.py --sizes 1000000 --queries 50 --minutes 45 --name peers_search_million

A million takes about half an hour, most of it hnswlib's and Faiss's builds, and 3 GB of memory. What is not
begun after so many minutes is left out, with a row that says so; what was measured is written after each row.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psutil

from common import record, shelf_parts
from common.engines import CATEGORIES, DIMENSION, SPACE
from common.shelf_parts import K, drawn
from pocketshelf.cli import values
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store, change_store

CHANGED = 100
LATE = "the time was up"
LINKS, CANDIDATES, WIDTH = 16, 200, 100


class Engine(Protocol):
    """What is compared."""

    def build(self, gallery: np.ndarray, folder: Path) -> None:
        """Put the gallery on the disk."""

    def open(self, folder: Path) -> None:
        """Be ready for the first search."""

    def search(self, query: np.ndarray, category: int | None) -> list[int]:
        """The ten nearest's numbers."""

    def change(self, gallery: np.ndarray, folder: Path) -> None:
        """Replace the first `CHANGED` vectors, delete as many after them; on the disk and in the search."""

    def close(self) -> None:
        """Let go of files."""


class Shelf:
    """Ours: a store, its exact scan or graphs."""

    name = "pocketshelf"

    def build(self, gallery: np.ndarray, folder: Path) -> None:
        products = (self._product(i, gallery[i]) for i in range(len(gallery)))
        Store.create(folder / "store", ShardMeta.of(SPACE, 1), products).close()

    def open(self, folder: Path) -> None:
        self._store = Store.open(folder / "store")
        self._names = list(self._store.categories())
        self._searcher = StoreSearcher(self._store)

    def search(self, query: np.ndarray, category: int | None) -> list[int]:
        names = self._names if category is None else [f"category {category}"]
        return [int(match.product_id[1:]) for match in self._searcher.search(query, names, K)]

    def change(self, gallery: np.ndarray, folder: Path) -> None:
        moved = np.roll(gallery, 1, axis=0)
        gone = [f"p{i:07}" for i in range(CHANGED, 2 * CHANGED)]
        change_store(folder / "store", [self._product(i, moved[i]) for i in range(CHANGED)], gone)
        self.close()
        self.open(folder)

    def close(self) -> None:
        self._store.close()

    @staticmethod
    def _product(i: int, vector: np.ndarray) -> Product:
        return Product(f"p{i:07}", 1, f"category {i % CATEGORIES}", f"Product {i}", None, vector[None])


class Hnswlib:
    """hnswlib's graph over float32."""

    name = "hnswlib"

    def build(self, gallery: np.ndarray, folder: Path) -> None:
        import hnswlib

        index = hnswlib.Index("cosine", DIMENSION)
        index.init_index(len(gallery) + CHANGED, ef_construction=CANDIDATES, M=LINKS)
        index.add_items(gallery.astype(np.float32), np.arange(len(gallery)), num_threads=_builders(gallery))
        index.save_index(str(folder / "hnsw.bin"))

    def open(self, folder: Path) -> None:
        import hnswlib

        self._index = hnswlib.Index("cosine", DIMENSION)
        self._index.load_index(str(folder / "hnsw.bin"))
        self._index.set_ef(WIDTH)
        self._index.set_num_threads(1)

    def search(self, query: np.ndarray, category: int | None) -> list[int]:
        chosen = None if category is None else (lambda number: number % CATEGORIES == category)
        return [int(n) for n in self._index.knn_query(query, K, filter=chosen)[0][0]]

    def change(self, gallery: np.ndarray, folder: Path) -> None:
        self._index.add_items(np.roll(gallery, 1, axis=0)[:CHANGED].astype(np.float32), np.arange(CHANGED))
        for number in range(CHANGED, 2 * CHANGED):
            self._index.mark_deleted(number)
        self._index.save_index(str(folder / "hnsw.bin"))

    def close(self) -> None:
        del self._index


class Faiss:
    """Faiss: the exact index over float32, or its HNSW over 8-bit scalars."""

    def __init__(self, exact: bool) -> None:
        self.name = "faiss flat" if exact else "faiss hnsw sq8"
        self._exact = exact

    def build(self, gallery: np.ndarray, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(_builders(gallery))
        rows = _unit(gallery)
        if self._exact:
            inner: Any = faiss.IndexFlatIP(DIMENSION)
        else:
            inner = faiss.IndexHNSWSQ(
                DIMENSION, faiss.ScalarQuantizer.QT_8bit, LINKS, faiss.METRIC_INNER_PRODUCT
            )
            inner.hnsw.efConstruction = CANDIDATES
            inner.train(rows)
        inner.add(rows)
        faiss.write_index(inner, str(folder / "faiss.bin"))

    def open(self, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._index = faiss.read_index(str(folder / "faiss.bin"))

    def search(self, query: np.ndarray, category: int | None) -> list[int]:
        import faiss

        chosen = None
        if category is not None:
            chosen = faiss.IDSelectorBatch(np.arange(category, self._index.ntotal, CATEGORIES))
        if self._exact:
            parameters = faiss.SearchParameters(sel=chosen)
        else:
            parameters = faiss.SearchParametersHNSW(sel=chosen, efSearch=WIDTH)
        found = self._index.search(_unit(query[None]), K, params=parameters)[1][0]
        return [int(n) for n in found if n >= 0]

    def change(self, gallery: np.ndarray, folder: Path) -> None:
        import faiss

        if not self._exact:
            raise NotImplementedError("its HNSW removes nothing")
        self._index.remove_ids(np.arange(2 * CHANGED))
        self._index.add(_unit(np.roll(gallery, 1, axis=0)[:CHANGED]))
        faiss.write_index(self._index, str(folder / "faiss.bin"))

    def close(self) -> None:
        del self._index


class SqliteVec:
    """sqlite-vec's exact scan over int8, categories as partitions."""

    name = "sqlite-vec"

    def build(self, gallery: np.ndarray, folder: Path) -> None:
        connection = self._connect(folder)
        connection.execute(
            "CREATE VIRTUAL TABLE v USING vec0(category INTEGER PARTITION KEY, "
            f"e INT8[{DIMENSION}] DISTANCE_METRIC=cosine)"
        )
        connection.executemany(
            "INSERT INTO v(rowid, category, e) VALUES(?, ?, vec_int8(?))",
            ((i, i % CATEGORIES, row.tobytes()) for i, row in enumerate(gallery)),
        )
        connection.commit()
        connection.close()

    def open(self, folder: Path) -> None:
        self._connection = self._connect(folder)

    def search(self, query: np.ndarray, category: int | None) -> list[int]:
        clause, values = ("", ()) if category is None else (" AND category = ?", (category,))
        rows = self._connection.execute(
            f"SELECT rowid FROM v WHERE e MATCH vec_int8(?) AND k = {K}{clause} ORDER BY distance",
            (_int8(query).tobytes(), *values),
        )
        return [number for (number,) in rows]

    def change(self, gallery: np.ndarray, folder: Path) -> None:
        moved = np.roll(gallery, 1, axis=0)
        self._connection.execute("DELETE FROM v WHERE rowid < ?", (2 * CHANGED,))
        self._connection.executemany(
            "INSERT INTO v(rowid, category, e) VALUES(?, ?, vec_int8(?))",
            ((i, i % CATEGORIES, moved[i].tobytes()) for i in range(CHANGED)),
        )
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _connect(folder: Path) -> Any:
        import pysqlite3
        import sqlite_vec

        connection = pysqlite3.connect(str(folder / "vec.sqlite"))
        connection.enable_load_extension(True)
        sqlite_vec.load(connection)
        return connection


def _builders(gallery: np.ndarray) -> int:
    """Threads that a graph is built by; it is searched by one."""
    return 2 if len(gallery) >= 1_000_000 else 1


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = rows.astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _int8(query: np.ndarray) -> np.ndarray:
    return np.round(query * (127 / np.abs(query).max())).astype(np.int8)


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(engine: Any, gallery: np.ndarray, asked: np.ndarray, truth: dict, folder: Path) -> dict[str, Any]:
    """One engine's row."""
    row: dict[str, Any] = {"engine": engine.name, "vectors": len(gallery)}
    row["build_s"] = round(timed(lambda: engine.build(gallery, folder)), 2)
    row["disk_bytes_an_item"] = round(
        sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / len(gallery)
    )
    gc.collect()
    before = psutil.Process().memory_info().rss
    row["open_ms"] = round(1000 * timed(lambda: engine.open(folder)), 1)
    row["first_search_ms"] = round(1000 * timed(lambda: engine.search(asked[0], None)), 2)
    row["ready_ms"] = round(row["open_ms"] + row["first_search_ms"], 1)
    for label, category in (("all", None), ("one_category", 7)):
        for query in asked[:3]:
            engine.search(query, category)
        spent, hits = [], []
        for query in asked:
            started = time.perf_counter()
            hits.append(engine.search(query, category))
            spent.append(1000 * (time.perf_counter() - started))
        wanted = truth.setdefault((len(gallery), label), [set(found) for found in hits])
        row[f"{label}_ms"] = round(float(np.median(spent)), 3)
        row[f"{label}_p99_ms"] = round(float(np.percentile(spent, 99)), 3)
        row[f"{label}_recall"] = round(
            float(np.mean([len(w & set(h)) / len(w) for w, h in zip(wanted, hits, strict=True)])), 4
        )
    row["memory_bytes_an_item"] = round((psutil.Process().memory_info().rss - before) / len(gallery))
    try:
        started = time.perf_counter()
        engine.change(gallery, folder)
        engine.search(asked[0], None)
        row["change_200_ms"] = round(1000 * (time.perf_counter() - started), 1)
    except NotImplementedError as error:
        row["change_200_ms"] = str(error)
    engine.close()
    return row


def main() -> int:
    """Measure, print, write ``results/peers_search.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--sizes", type=values.count, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--queries", type=values.count, default=100)
    parser.add_argument("--minutes", type=float, default=30, help="after so many nothing more is begun")
    parser.add_argument("--name", default="peers_search", help="of the file with the results")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    figures: dict[str, Any] = {
        "what": "search of synthetic clustered vectors of 128 numbers, ten nearest, one thread",
        "command": command(arguments),
        "queries": arguments.queries,
        "rows": [],
        "ours": [],
    }
    for size in arguments.sizes:
        for kind, row in measured(size, arguments.queries, end):
            figures[kind].append(row)
            print(" · ".join(f"{key} {value}" for key, value in row.items()), flush=True)
            record.write(arguments.name, figures)
    return 0


def command(arguments: argparse.Namespace) -> str:
    """What the run is repeated by."""
    words = ["peers_search.py", "--sizes", *map(str, arguments.sizes), "--queries", str(arguments.queries)]
    usual = arguments.name == "peers_search"
    return words[0] if usual else " ".join([*words, "--name", arguments.name])


def measured(size: int, queries: int, end: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """("rows" or "ours", a row) of every engine and of our parts; of none that would begin after ``end``."""
    gallery, asked = drawn(size, queries)
    truth: dict[tuple[int, str], list[set[int]]] = {}
    # Faiss's flat index first: it is exact, and all are held against it.
    for engine in (Faiss(True), Shelf(), SqliteVec(), Hnswlib(), Faiss(False)):
        if time.monotonic() > end:
            yield "rows", {"engine": engine.name, "vectors": size, "not_run": LATE}
        else:
            yield "rows", in_folder(lambda f, e=engine: measure(e, gallery, asked, truth, f))
    parts = shelf_parts.parts(size)
    while time.monotonic() < end:
        part = next(parts, None)
        if part is None:
            return
        yield "ours", part
    yield "ours", {"part": "not_run", "products": size, "not_run": LATE}


def in_folder(work: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What ``work`` gives in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="pocketshelf-peers-", ignore_cleanup_errors=True) as folder:
        return work(Path(folder))


if __name__ == "__main__":
    record.run(main)
