"""Products of several pictures are told by their means first; the answers are those of a scan of all."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats import Product, ShardMeta, quantize_vectors
from pocketshelf.stages.search import scanning
from pocketshelf.stages.search.gallery import Gallery
from pocketshelf.stages.search.means import Means
from pocketshelf.store import Store

D = 48
META = ShardMeta("space", "hash", "bundle", 1, D)
ALL = ["a", "b", "c"]


def made(count: int, spread: float, most: int = 5, least: int = 1) -> list[Product]:
    """Products of ``least`` to ``most`` pictures, which differ by ``spread`` of what products do."""
    numbers = np.random.default_rng(3)
    kinds = numbers.normal(size=(count // 20, D))
    rows = []
    for n in range(count):
        own = kinds[numbers.integers(len(kinds))] + numbers.normal(size=D)
        views = own + spread * numbers.normal(size=(int(numbers.integers(least, most + 1)), D))
        rows.append(Product(f"p{n:05}", 1, "abbccc"[n % 6], "t", None, quantize_vectors(views), {}))
    return rows


@pytest.fixture(params=[(0.2,), (0.6,), (0.4, 4, 4)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "s", META, made(1500, *request.param)) as found:
        yield found


def queries(store: Store, count: int = 40) -> list[np.ndarray]:
    numbers = np.random.default_rng(5)
    vectors = [product.vectors[0] for product in store.shard.products()]
    near = [vectors[n * 31 % len(vectors)] / 40 + 0.5 * numbers.normal(size=D) for n in range(count)]
    return [query.astype(np.float32) for query in near]


def best(gallery: Gallery, query: np.ndarray, names: list[str], k: int) -> list[tuple[int, float]]:
    products, cosines = gallery.search(query, names, k)
    return sorted(zip(products.tolist(), cosines.tolist(), strict=True), key=lambda hit: (-hit[1], hit[0]))[
        :k
    ]


def galleries(store: Store, make_means: Callable[..., Means] = Means) -> tuple[Gallery, Gallery]:
    """(by means from the second search on, never)"""
    screening = Gallery(store.layout, store.data, 1, make_means)
    screening.search(np.ones(D, np.float32), ALL, 1)
    return screening, Gallery(store.layout, store.data, many=1 << 60)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """Of each search by means, the share of the products that was looked at; None where all were scanned."""
    shares: list[float | None] = []
    within = Means.within_reach

    def noted(self: Means, *args: object) -> np.ndarray | None:
        found = within(self, *args)  # type: ignore[arg-type]
        shares.append(None if found is None else float(found.mean()))
        return found

    monkeypatch.setattr(Means, "within_reach", noted)
    return shares


@pytest.mark.parametrize("k", [1, 10, 40])
@pytest.mark.parametrize("names", [ALL, ["a"], ["c", "a", "none"]])
def test_by_their_means_the_hits_are_those_of_all_pictures(
    store: Store, looked: list[float | None], k: int, names: list[str]
) -> None:
    screening, exact = galleries(store)
    for query in queries(store):
        assert best(screening, query, names, k) == best(exact, query, names, k)
    assert len(looked) == len(queries(store))
    if (names, k) == (ALL, 1):
        assert min(share for share in looked if share is not None) < 0.1


def test_the_whole_bound_misses_nothing_however_unlike_the_pictures(
    tmp_path: Path, looked: list[float | None]
) -> None:
    """At a reach of 1 a product that is left out is proved to be none of the hits; here some are."""
    with Store.create(tmp_path / "s", META, made(1500, 0.9)) as store:
        screening, exact = galleries(store, partial(Means, reach=1.0, share=1))
        numbers = np.random.default_rng(6)
        odd = [
            p.vectors[-1] + 9 * numbers.normal(size=D) for p in store.shard.products() if len(p.vectors) > 2
        ]
        for query in [*queries(store), *[vector.astype(np.float32) for vector in odd[:60]]]:
            assert best(screening, query, ALL, 10) == best(exact, query, ALL, 10)
    assert min(share for share in looked if share is not None) < 0.9


def test_where_the_means_say_too_little_all_pictures_are_scanned(
    tmp_path: Path, looked: list[float | None]
) -> None:
    with Store.create(tmp_path / "s", META, made(400, 4.0)) as store:
        screening, exact = galleries(store)
        for query in queries(store, 5):
            assert best(screening, query, ALL, 10) == best(exact, query, ALL, 10)
    assert looked == [None] * 5


def test_a_first_search_does_not_wait_for_means(store: Store, looked: list[float | None]) -> None:
    gallery, query = Gallery(store.layout, store.data, many=1), queries(store, 1)[0]
    gallery.search(query, ALL, 10)
    assert looked == []
    gallery.search(query, ALL, 10)
    assert len(looked) == 1


def test_few_pictures_filters_and_single_pictures_have_none(
    store: Store, tmp_path: Path, looked: list[float | None]
) -> None:
    query = queries(store, 1)[0]
    few = Gallery(store.layout, store.data, many=len(store.layout.offsets) + 1)
    filtered = Gallery(store.layout, store.data, many=1)
    with Store.create(tmp_path / "single", META, made(300, 0.2, most=1)) as single:
        alone = Gallery(single.layout, single.data, many=1)
        for _ in range(3):
            few.search(query, ALL, 10)
            filtered.search(query, ALL, 10, np.ones(len(store), bool))
            alone.search(query, ALL, 10)
    assert looked == []


@pytest.mark.parametrize("cached", [0, 1 << 30])
@pytest.mark.parametrize("dimension", [1, 7, 64, 128, 300, 700])
@pytest.mark.parametrize("count", [1, 3, 4, 2051])
def test_dot_products_by_matrix_are_those_one_by_one(
    dimension: int, count: int, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "_CACHED", cached)
    monkeypatch.setattr(scanning, "_LEAST", 0)
    monkeypatch.setattr(scanning, "_has_matrix_kernel", lambda: True)
    numbers = np.random.default_rng(dimension)
    vectors = numbers.integers(-127, 128, (count, dimension), dtype=np.int8)
    query = numbers.integers(-127, 128, dimension, dtype=np.int8)
    found = scanning.cosines(query, vectors, np.ones(count, np.float32))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, vectors.astype(np.int64) @ query.astype(np.int64))


@pytest.mark.parametrize("pictures", [(1,), (4,), (1, 2, 5), (20,)])
@pytest.mark.parametrize("products", [1, 12, 3001, 5003])
@pytest.mark.parametrize("most", [10, 138])
def test_candidates_are_the_best_and_whoever_ties_with_the_last(
    pictures: tuple[int, ...], products: int, most: int
) -> None:
    numbers = np.random.default_rng(products)
    starts = np.append(0, np.cumsum(numbers.choice(pictures, products)))
    # Of few values, so that many tie.
    near = (numbers.normal(size=starts[-1]) * 300).round().astype(np.float32) / 300
    best = np.array([near[a:b].max() for a, b in itertools.pairwise(starts)])
    np.testing.assert_array_equal(scanning.bests(near, starts[:-1]), best)
    by_rank = np.sort(best)[::-1]
    for slack in (0.02, np.inf):
        least = max(by_rank[min(most, products) - 1], by_rank[min(10, products) - 1] - 2 * slack)
        found = scanning.candidates(near, starts, 10, most, slack)
        assert found.tolist() == np.flatnonzero(best >= least).tolist()


@pytest.mark.parametrize("dimension", [1, 128, 65_536])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_lengths_are_those_of_whole_numbers(dimension: int, count: int) -> None:
    vectors = np.random.default_rng(count).integers(-128, 128, (count, dimension), dtype=np.int8)
    vectors[:1] = -128
    wide = np.sqrt((vectors.astype(np.int64) ** 2).sum(axis=1).astype(np.float32))
    np.testing.assert_array_equal(scanning.norms(vectors), np.maximum(wide, np.float32(1e-6)))


def test_rounding_bounds_what_rounding_the_query_changes() -> None:
    numbers = np.random.default_rng(2)
    vectors = numbers.integers(-127, 128, (3000, D), dtype=np.int8)
    lengths = scanning.norms(vectors)
    furthest = []
    for scale in (1e-3, 1.0, 50.0):
        query = (scale * numbers.normal(size=D) ** 3).astype(np.float32)
        rounded = quantize_vectors(query)
        length = np.linalg.norm(rounded.astype(np.float64))
        near = scanning.cosines(rounded, vectors, lengths)
        changes = np.abs(near - length * scanning.rescore(query, vectors))
        slack = scanning.rounding(query, rounded)
        assert changes.max() <= slack < 0.1 * length
        furthest.append(changes.max() / slack)
    assert max(furthest) > 0.1
    assert scanning.rounding(np.zeros(D, np.float32), np.zeros(D, np.int8)) == 0
