"""Indexes: the exact scan against brute force, the graph against the exact scan, and what is derived."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats import Product, ShardMeta, quantize_vectors
from pocketshelf.stages.search import ExactIndex, GraphIndex, StoreSearcher, graph, graph_is_sound
from pocketshelf.stages.search.exact import search_exactly
from pocketshelf.store import Store

D = 32
RNG = np.random.default_rng(3)


def gallery(products: int, most_pictures: int = 3) -> tuple[list[str], np.ndarray, np.ndarray]:
    counts = RNG.integers(1, most_pictures + 1, products)
    centres = RNG.normal(size=(20, D))
    vectors = centres[RNG.integers(0, 20, counts.sum())] + RNG.normal(size=(counts.sum(), D))
    ids = sorted(str(n) for n in range(products))
    return ids, np.repeat(np.arange(products), counts), quantize_vectors(vectors)


def brute_force(ids: list[str], owners: np.ndarray, vectors: np.ndarray, query: np.ndarray, k: int):
    unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    cosines = unit @ query / np.linalg.norm(query)
    best = [cosines[owners == i].max() for i in range(len(ids))]
    order = sorted(range(len(ids)), key=lambda i: (-best[i], ids[i]))[:k]
    return [(ids[i], best[i]) for i in order]


def graph_of(data: tuple[list[str], np.ndarray, np.ndarray]) -> GraphIndex:
    ids, owners, vectors = data
    return GraphIndex.build(owners, vectors, ids=ids)


def queries(count: int) -> np.ndarray:
    return RNG.normal(size=(count, D)).astype(np.float32)


def check_equal(found, wanted) -> None:
    assert [name for name, _ in found] == [name for name, _ in wanted]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in wanted], atol=1e-5)


@pytest.mark.parametrize("products", [1, 2, 37, 400])
@pytest.mark.parametrize("numkong", [True, False])
def test_the_exact_scan_finds_what_brute_force_finds(
    products: int, numkong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not numkong:
        monkeypatch.setitem(sys.modules, "numkong", None)
    data = gallery(products)
    index = ExactIndex(*data)
    for query in queries(10):
        check_equal(index.search(query, 10), brute_force(*data, query, 10))
    check_equal(index.search(query, 10_000), brute_force(*data, query, 10_000))


def parts(data: tuple[list[str], np.ndarray, np.ndarray], count: int) -> list[ExactIndex]:
    """The same products dealt to ``count`` categories, an empty one among them."""
    ids, owners, vectors = data
    found = [ExactIndex([], np.zeros(0, np.int64), np.zeros((0, D), np.int8))]
    for part in range(count):
        rows = np.flatnonzero(owners % count == part)
        places = sorted(set(owners[rows]))
        found.append(
            ExactIndex([ids[i] for i in places], np.searchsorted(places, owners[rows]), vectors[rows])
        )
    return found


@pytest.mark.parametrize("count", [2, 7, 50])
def test_many_categories_together_find_what_brute_force_finds(count: int) -> None:
    data = gallery(600)
    dealt = parts(data, count)
    for query in queries(20):
        check_equal(search_exactly(dealt, query, 10), brute_force(*data, query, 10))
    check_equal(search_exactly(dealt, query, 10_000), brute_force(*data, query, 10_000))
    assert (
        search_exactly(dealt, query, 0)
        == search_exactly(dealt[:1], query, 5)
        == search_exactly([], query, 5)
        == []
    )


def test_of_equals_in_several_categories_the_first_ids_are_found() -> None:
    vector = quantize_vectors(RNG.normal(size=(1, D)))
    dealt = [ExactIndex([f"{name:03}"], np.zeros(1, np.int64), vector) for name in RNG.permutation(200)]
    found = search_exactly(dealt, vector[0].astype(np.float32), 5)
    assert [name for name, _ in found] == ["000", "001", "002", "003", "004"]


def test_an_empty_category_has_no_hits() -> None:
    index = ExactIndex([], np.zeros(0, np.int64), np.zeros((0, D), np.int8))
    assert index.search(queries(1)[0], 5) == []


def test_vectors_of_zeros_do_not_disturb() -> None:
    vectors = np.zeros((2, D), np.int8)
    vectors[1, 0] = 127
    query = np.eye(1, D, dtype=np.float32)[0]
    assert ExactIndex(["a", "b"], np.arange(2), vectors).search(query, 2) == [("b", 1.0), ("a", 0.0)]


def test_the_graph_finds_nearly_all_with_the_same_scores() -> None:
    data = gallery(2000)
    exact, built = ExactIndex(*data), graph_of(data)
    shared = 0
    for query in queries(50):
        wanted, found = dict(exact.search(query, 10)), dict(built.search(query, 10))
        assert len(found) == 10
        shared += len(wanted.keys() & found.keys())
        assert all(abs(wanted[name] - found[name]) < 1e-5 for name in wanted.keys() & found.keys())
    assert shared / 500 > 0.9


def test_the_graph_gives_k_products_though_one_fills_the_nearest_pictures() -> None:
    near = quantize_vectors(np.eye(1, D).repeat(300, 0) + 0.01 * RNG.normal(size=(300, D)))
    far = quantize_vectors(RNG.normal(size=(50, D)))
    ids = ["crowd", *sorted(f"p{n}" for n in range(50))]
    owners = np.concatenate([np.zeros(300, np.int64), np.arange(1, 51)])
    built = graph_of((ids, owners, np.concatenate([near, far])))
    found = built.search(np.eye(1, D)[0], 10)
    assert found[0][0] == "crowd" and len({name for name, _ in found}) == 10


def test_k_beyond_the_graph_gives_real_products_only() -> None:
    data = gallery(5)
    found = graph_of(data).search(queries(1)[0], 100)
    assert {name for name, _ in found} <= set(data[0]) and len(found) >= 4


def test_a_picture_that_the_graph_cannot_reach_is_found_where_all_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = gallery(6, most_pictures=1)
    built = graph_of(data)

    class Blind:
        """The index, which answers with its first pictures only."""

        def __getattr__(self, name: str) -> object:
            return getattr(index, name)

        def search(self, query: np.ndarray, count: int) -> object:
            return index.search(query, 2)

    index = built._index
    monkeypatch.setattr(built, "_index", Blind())
    query = queries(1)[0]
    check_equal(built.search(query, 6), ExactIndex(*data).search(query, 6))


def test_this_build_of_usearch_computes_int8_cosine_rightly() -> None:
    assert graph_is_sound()


def make_store(path: Path, products: int = 300) -> Store:
    ids, owners, vectors = gallery(products)
    rows = [
        Product(name, 1, "big" if n % 3 else "small", name, None, vectors[owners == n])
        for n, name in enumerate(ids)
    ]
    return Store.create(path, ShardMeta("space", "hash", "bundle", 1, D), rows)


def test_the_searcher_merges_categories_and_gives_each_product_once(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s")
    searcher = StoreSearcher(store)
    query = queries(1)[0]
    both = searcher.search(query, ["big", "small"], 20)
    parts = [*searcher.search(query, ["big"], 20), *searcher.search(query, ["small"], 20)]
    assert both == sorted(parts, key=lambda match: -match.score)[:20]
    assert len({match.product_id for match in both}) == 20
    assert searcher.search(query, ["nothing"], 5) == [] and searcher.search(query, [], 5) == []


def test_a_large_category_gets_a_graph_that_is_cached_and_rebuilt_when_unfit(tmp_path: Path) -> None:
    store, query = make_store(tmp_path / "s"), queries(1)[0]
    searcher = StoreSearcher(store, exact_limit=250)
    wanted = searcher.search(query, ["big", "small"], 10)
    assert searcher.graph("big") is not None and searcher.graph("small") is None
    (cache,) = store.folder.index(store.generation).glob("*.usearch")
    built = cache.stat().st_mtime_ns
    assert StoreSearcher(store, exact_limit=250).search(query, ["big", "small"], 10) == wanted
    assert cache.stat().st_mtime_ns == built
    whole = len(cache.read_bytes())
    cache.write_bytes(cache.read_bytes()[:-100])
    # Several threads build the graph, so another build may miss another neighbour.
    again = StoreSearcher(store, exact_limit=250).search(query, ["big", "small"], 10)
    assert len(set(again) & set(wanted)) >= 8
    assert cache.stat().st_mtime_ns != built and len(cache.read_bytes()) == whole
    assert StoreSearcher(store, exact_limit=250).search(query, ["big", "small"], 10) == again


def test_a_store_that_takes_no_cache_is_searched_all_the_same(tmp_path: Path) -> None:
    store, query = make_store(tmp_path / "s"), queries(1)[0]
    index = store.folder.index(store.generation)
    shutil.rmtree(index)
    index.write_text("in the way")
    assert len(StoreSearcher(store, exact_limit=1).search(query, ["big"], 10)) == 10


def test_a_usearch_that_computes_wrongly_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong:
        """Gives distance 0 to everything, as builds without NumKong do."""

        def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
            self.keys = keys

        def search(self, query: np.ndarray, k: int):
            return type("Found", (), {"keys": self.keys, "distances": np.zeros(len(self.keys))})

    monkeypatch.setattr(graph, "empty_graph", lambda dimension: Wrong())
    graph_is_sound.cache_clear()
    try:
        searcher = StoreSearcher(make_store(tmp_path / "s"), exact_limit=1)
        assert searcher.graph("big") is None
        assert "int8 cosine wrongly" in caplog.text
    finally:
        graph_is_sound.cache_clear()
