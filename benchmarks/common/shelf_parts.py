"""Ours alone, for `peers_search`: bytes, filters, pictures a product, and where a graph lies.

Every figure stands beside the one that it is to be held against, taken in turn in one run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from usearch.index import Index

from common.engines import CATEGORIES, DIMENSION, SPACE, queries, vectors
from pocketshelf.formats import Product, ShardMeta, quantize_vectors
from pocketshelf.formats.derived import DerivedFile
from pocketshelf.recall import Neighbourhood
from pocketshelf.shelf import Shelf
from pocketshelf.stages.search import GraphIndex, Match, StoreSearcher, derive_indexes
from pocketshelf.stages.search.graph import empty_graph
from pocketshelf.store import Store

__all__ = ["TIMES", "K", "drawn", "parts", "store_of", "with_views"]

K = 10
# Pictures are multiplied, graphs built and hits looked at ten times of as many products at most.
MOST = 200_000

TIMES = 30
# As alike as two photos of one product are to our embedder, about: a cosine of 0.8.
VIEW_NOISE = 0.5
BRANDS, COLOURS, SIZES = 200, 12, 8


def parts(size: int) -> Iterator[dict[str, Any]]:
    """The rows for a shelf of ``size`` products; synthetic, seed 0."""
    gallery, asked = drawn(size, TIMES)
    with tempfile.TemporaryDirectory(prefix="pocketshelf-shelf-") as name:
        folder = Path(name)
        with store_of(folder / "one", gallery[:, None]) as store:
            yield {"part": "disk", **_disk(store)}
            yield from _filters(store, asked)
        if size <= MOST:
            yield _pictures(folder, gallery, asked)
            yield _graph(folder, gallery, asked)


def drawn(size: int, asked: int) -> tuple[np.ndarray, np.ndarray]:
    """(int8 (size, 128) vectors, float32 (asked, 128) queries near them): synthetic, clustered."""
    gallery = vectors(size, 0)
    return gallery, queries(gallery, asked, 0)


def with_views(gallery: np.ndarray, noise: float = VIEW_NOISE) -> np.ndarray:
    """int8 (n, 4, D): a picture, and three that differ from it by ``noise``."""
    rng = np.random.default_rng(2)
    wide = gallery.astype(np.float32)
    scale = noise * np.abs(wide).mean(axis=1, keepdims=True) / 0.8
    others = [quantize_vectors(wide + scale * rng.standard_normal(wide.shape)) for _ in range(3)]
    return np.stack([gallery, *others], axis=1)


def store_of(path: Path, gallery: np.ndarray) -> Store:
    """A store of int8 (products, pictures, D) with three attributes."""
    rows = (
        Product(
            f"p{i:07}",
            1,
            f"category {i % CATEGORIES}",
            f"Product {i}",
            None,
            views,
            {
                "brand": f"b{i * 7919 % BRANDS}",
                "colour": f"c{i * 31 % COLOURS}",
                "size": f"s{i * 17 % SIZES}",
            },
        )
        for i, views in enumerate(gallery)
    )
    store = Store.create(path, ShardMeta.of(SPACE, 1), rows)
    derive_indexes(store.folder.generation(store.generation))
    return store


def _disk(store: Store) -> dict[str, Any]:
    """Bytes an item: vectors, texts, what SQLite takes besides, and what is derived."""
    ((texts, held),) = store.shard.query(
        "SELECT sum(length(CAST(product_id AS BLOB)) + length(CAST(category AS BLOB)) + "
        "length(CAST(title AS BLOB)) + length(CAST(attributes AS BLOB))), sum(length(vectors)) FROM products"
    )
    folder, items = store.folder.index(store.generation), len(store)
    shard = store.shard.path.stat().st_size
    derived = {
        file.name.split(".", 1)[1]: round(file.path.stat().st_size / items, 1)
        for file in DerivedFile.every(folder, store.digest)
    }
    return {
        "products": items,
        "vectors": round(held / items, 1),
        "texts": round(texts / items, 1),
        "sqlite_besides": round((shard - held - texts) / items, 1),
        "derived": derived,
        "without_rows_texts": round(held / items + sum(derived.values()), 1),
        "all": round(shard / items + sum(derived.values()), 1),
    }


class _Looking:
    """The default searcher without its filter: every hit is looked at, and again deeper."""

    def __init__(self, store: Store) -> None:
        self._searcher = StoreSearcher(store)

    def search(self, vector: np.ndarray, categories: Any, k: int) -> list[Match]:
        return self._searcher.search(vector, categories, k)


def _filters(store: Store, asked: np.ndarray) -> Iterator[dict[str, Any]]:
    """A filter within the scan beside looking at the hits, by how much of the shelf fits."""
    counts = store.categories()
    shelves = [
        Shelf(store, searcher, counts, None, Neighbourhood(store.shard))
        for searcher in (StoreSearcher(store), _Looking(store))
    ]
    for label, where in (
        ("colour, a twelfth", {"colour": ["C3"]}),
        ("brand, a 200th", {"brand": ["B11"]}),
        ("brand and size, a 1,600th", {"brand": ["b11"], "size": ["s3"]}),
    ):
        found = [[h.product_id for h in shelf.nearest(asked[0], list(counts), K, where)] for shelf in shelves]
        works = [lambda query, s=shelf, w=where: s.nearest(query, list(counts), K, w) for shelf in shelves]
        fast, slow = in_turn(works, asked[: 10 if len(store) <= MOST else 2])
        yield {
            "part": "filter",
            "products": len(store),
            "by": label,
            "in_the_scan_ms": fast,
            "looking_at_hits_ms": slow,
            "same_hits": found[0] == found[1],
        }


def _pictures(folder: Path, gallery: np.ndarray, asked: np.ndarray) -> dict[str, Any]:
    """Four pictures a product beside one."""
    with Store.open(folder / "one") as one, store_of(folder / "four", with_views(gallery)) as four:
        searchers = [
            (StoreSearcher(one), list(one.categories())),
            (StoreSearcher(four), list(four.categories())),
        ]
        row: dict[str, Any] = {"part": "pictures", "products": len(gallery)}
        ready = [_ready(store.folder.path, asked[0]) for store in (one, four)]
        row["ready_1_ms"], row["ready_4_ms"] = ready
        row |= _by_means(four, *searchers[1], asked)
        for label, part in (("all", slice(None)), ("one_category", slice(1)), ("three_categories", slice(3))):
            works = [lambda query, s=s, n=n[part]: s.search(query, n, K) for s, n in searchers]
            single, several = in_turn(works, asked)
            row |= {
                f"{label}_1_ms": single,
                f"{label}_4_ms": several,
                f"{label}_ratio": round(several / single, 2),
            }
    return row


def _by_means(store: Store, searcher: StoreSearcher, names: list[str], asked: np.ndarray) -> dict[str, Any]:
    """What the second search of everything takes, which computes the products' means; and what they miss."""
    exact = StoreSearcher(store, exact_limit=len(store.layout.offsets) + 1)
    searcher.search(asked[0], names, K)
    started = time.perf_counter()
    searcher.search(asked[0], names, K)
    second = round(1000 * (time.perf_counter() - started), 1)
    found = [{match.product_id for match in searcher.search(query, names, K)} for query in asked]
    truth = [{match.product_id for match in exact.search(query, names, K)} for query in asked]
    return {
        "second_4_ms": second,
        "hits": sum(map(len, truth)),
        "missed": sum(len(true - hits) for true, hits in zip(truth, found, strict=True)),
    }


def _ready(path: Path, query: np.ndarray) -> float:
    started = time.perf_counter()
    with Store.open(path) as store:
        StoreSearcher(store).search(query, list(store.categories()), K)
    return round(1000 * (time.perf_counter() - started), 1)


def _graph(folder: Path, gallery: np.ndarray, asked: np.ndarray) -> dict[str, Any]:
    """One graph of everything: mapped from its file, beside bytes that were read and verified."""
    owners = np.arange(len(gallery))
    file = DerivedFile.of_category(folder / "graph", "0" * 64, "everything")
    GraphIndex.build(owners, gallery, file)
    bare = folder / "graph.usearch"
    bare.write_bytes(file.read(1 << 40) or b"")
    row: dict[str, Any] = {"part": "graph", "products": len(gallery)}
    row["bytes_an_item"] = round(bare.stat().st_size / len(gallery), 1)
    opened: list[GraphIndex] = []

    def mapped() -> GraphIndex:
        index: Index = empty_graph(DIMENSION)
        index.view(str(bare))
        return GraphIndex(owners, index)

    for label, work in (("mapped", mapped), ("verified", lambda: GraphIndex.load(owners, DIMENSION, file))):
        started = time.perf_counter()
        index = work()
        index.products(asked[0], K)
        row[f"{label}_ready_ms"] = round(1000 * (time.perf_counter() - started), 1)
        opened.append(index)
    works = [lambda query, g=graph: g.products(query, K) for graph in opened]
    row["mapped_ms"], row["verified_ms"] = in_turn(works, asked)
    return row


def in_turn(works: list[Callable[[np.ndarray], Any]], asked: np.ndarray) -> list[float]:
    """Median milliseconds of each of ``works``, a query for each in turn."""
    spent: list[list[float]] = [[] for _ in works]
    for query in (asked[0], *asked):
        for work, times in zip(works, spent, strict=True):
            started = time.perf_counter()
            work(query)
            times.append(1000 * (time.perf_counter() - started))
    return [round(float(np.median(times[1:])), 3) for times in spent]
