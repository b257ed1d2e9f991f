"""One suite for every index: the same products, the same order, whatever finds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from server_products import DIMENSION, make_product

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import Catalogue, Delete, SqliteCatalogue, Upsert
from pocketshelf_server.search import ScanIndex, SearchService, VectorIndex, make_index
from pocketshelf_server.search.graph import GraphIndex
from pocketshelf_server.search.scan import _largest
from pocketshelf_server.site import Site

CATEGORIES = ("Apple", "Pear", "Plum")


@pytest.fixture(params=["scan", "graph", "sqlite-vec", "pgvector"])
def indexed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Catalogue, VectorIndex]]:
    """A catalogue and each kind of index over it."""
    if request.param == "pgvector":
        from server_products import SPACE

        from pocketshelf_server.catalogue.postgres import PostgresCatalogue

        catalogue: Catalogue = PostgresCatalogue.create(request.getfixturevalue("postgres_address"), SPACE)
    else:
        catalogue = request.getfixturevalue("sqlite_catalogue")
    try:
        # By one thread, for several insert in another order each time, and an approximate answer with it.
        if request.param == "graph":
            index: VectorIndex = GraphIndex(catalogue, threads=1)
        else:
            index = make_index(request.param, catalogue, Site(tmp_path))
    except CatalogueError as error:
        pytest.skip(str(error))
    yield catalogue, index
    index.close()
    catalogue.close()


def fill(catalogue: Catalogue, count: int, seed: int = 0, pictures: int = 1) -> None:
    changes = [
        Upsert(make_product(f"p{i:03d}", seed, CATEGORIES[i % 3], 1 + i % pictures)) for i in range(count)
    ]
    catalogue.apply(changes)


def expected(catalogue: Catalogue, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[str]:
    """The truth, computed plainly in float64."""
    scores: dict[str, float] = {}
    with catalogue.reading() as view:
        for product in view.products():
            if categories is None or product.category in categories:
                v = product.vectors.astype(np.float64)
                scores[product.product_id] = float(
                    (v @ query / np.linalg.norm(v, axis=1) / np.linalg.norm(query)).max()
                )
    return sorted(scores, key=lambda key: (-scores[key], key))[:k]


def query(seed: int) -> np.ndarray:
    """A query that int8 holds exactly, so that every index must agree."""
    vector = np.random.default_rng(seed).integers(-127, 128, DIMENSION).astype(np.float32)
    vector[0] = 127
    return vector / 127


@pytest.mark.parametrize("categories", [None, frozenset({"Pear"}), frozenset({"Pear", "Plum", "Nothing"})])
def test_finds_the_nearest_in_order(
    indexed: tuple[Catalogue, VectorIndex], categories: frozenset | None
) -> None:
    catalogue, index = indexed
    fill(catalogue, 200, pictures=3)
    assert index.refresh() == 200
    for seed in range(5):
        found = index.search(query(seed), 10, categories)
        assert [key for key, _ in found] == expected(catalogue, query(seed), 10, categories)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_a_product_finds_itself_with_cosine_one(indexed: tuple[Catalogue, VectorIndex]) -> None:
    catalogue, index = indexed
    fill(catalogue, 50)
    index.refresh()
    vector = make_product("p007", 0, CATEGORIES[1]).vectors[0].astype(np.float32) / 127
    key, score = index.search(vector, 1, None)[0]
    assert (key, round(score, 4)) == ("p007", 1.0)


def test_an_empty_catalogue_has_no_hits(indexed: tuple[Catalogue, VectorIndex]) -> None:
    catalogue, index = indexed
    index.refresh()
    assert index.search(query(0), 5, None) == index.search(query(0), 5, frozenset({"Apple"})) == []
    fill(catalogue, 3)
    index.refresh()
    assert len(index.search(query(0), 1000, None)) == 3


def test_changes_are_followed(indexed: tuple[Catalogue, VectorIndex]) -> None:
    catalogue, index = indexed
    fill(catalogue, 120, pictures=2)
    index.refresh()
    best = [key for key, _ in index.search(query(1), 3, None)]
    catalogue.apply(
        [Delete(best[0]), Upsert(make_product(best[1], 9, "Plum")), Upsert(make_product("new", 3, "Fig", 2))]
    )
    index.refresh()
    for categories in (None, frozenset({"Plum"}), frozenset({"Fig"})):
        found = [key for key, _ in index.search(query(1), 20, categories)]
        assert found == expected(catalogue, query(1), 20, categories)
    catalogue.apply([Upsert(make_product(best[0], 0, "Apple"))])
    index.refresh()
    assert [k for k, _ in index.search(query(1), 20, None)] == expected(catalogue, query(1), 20, None)


def test_a_log_that_was_compacted_away_means_reading_everything(
    indexed: tuple[Catalogue, VectorIndex],
) -> None:
    catalogue, index = indexed
    fill(catalogue, 20)
    index.refresh()
    catalogue.apply([Delete("p000"), Upsert(make_product("new"))])
    catalogue.compact(catalogue.sequence())
    assert index.refresh() == 22
    assert [k for k, _ in index.search(query(2), 50, None)] == expected(catalogue, query(2), 50, None)


def test_the_scan_reads_everything_again_when_a_tenth_has_changed(
    sqlite_catalogue: SqliteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf_server.search.scan.REBUILD_MINIMUM", 5)
    fill(sqlite_catalogue, 40)
    index = ScanIndex(sqlite_catalogue)
    index.refresh()
    base = index.base
    sqlite_catalogue.apply([Delete("p000"), Delete("p001")])
    index.refresh()
    assert index.base is base and len(index) == 38
    fill(sqlite_catalogue, 10, seed=1)
    index.refresh()
    assert index.base is not base and len(index) == 40
    assert [k for k, _ in index.search(query(3), 40, None)] == expected(sqlite_catalogue, query(3), 40, None)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize("count", [1, 10, 64, 700])
def test_the_largest_are_the_largest(n: int, count: int) -> None:
    rng = np.random.default_rng(n * count)
    for scores in (rng.standard_normal(n), rng.integers(0, 3, n).astype(float), np.zeros(n), -np.arange(n)):
        found = scores.astype(np.float32)[_largest(scores.astype(np.float32), count)]
        assert sorted(found, reverse=True) == sorted(scores.astype(np.float32), reverse=True)[:count]


def test_the_service_refreshes_at_most_once_a_second(sqlite_catalogue: SqliteCatalogue) -> None:
    now = [0.0]
    service = SearchService(sqlite_catalogue, ScanIndex(sqlite_catalogue), clock=lambda: now[0])
    assert service.search(query(0), 5, None) == []
    fill(sqlite_catalogue, 3)
    assert service.search(query(0), 5, None) == []
    now[0] = 1.5
    hits = service.search(query(0), 5, None)
    assert {hit.title for hit in hits} == {"Title p000", "Title p001", "Title p002"}
    sqlite_catalogue.apply([Delete(hits[0].product_id)])
    assert hits[0] not in service.search(query(0), 5, None)


def test_an_index_that_cannot_work_says_what_to_set(
    sqlite_catalogue: SqliteCatalogue, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match="set index to 'scan'"):
        make_index("pgvector", sqlite_catalogue, Site(tmp_path))
