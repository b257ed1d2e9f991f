"""One suite for every index: the same products, the same order, whatever finds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from search_truth import CATEGORIES, expected, fill, query
from server_products import SPACE, make_product

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import Catalogue, Delete, SqliteCatalogue, Upsert
from pocketshelf_server.search import VectorIndex, make_index
from pocketshelf_server.search.apart import ApartIndex
from pocketshelf_server.search.graph import GraphIndex
from pocketshelf_server.site import Site, SiteConfig


@pytest.fixture(params=["scan", "graph", "scan apart", "graph apart", "sqlite-vec", "pgvector", "milvus"])
def indexed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Catalogue, VectorIndex]]:
    """A catalogue and each kind of index over it; skipped only where its engine is not there."""
    if request.param == "pgvector":
        address = request.getfixturevalue("postgres_address")
        from pocketshelf_server.catalogue.postgres import PostgresCatalogue

        catalogue: Catalogue = PostgresCatalogue.create(address, SPACE)
    else:
        catalogue = request.getfixturevalue("sqlite_catalogue")
    if request.param == "sqlite-vec":
        remedy = "its engine is not installed: pip install 'pocketshelf[server]'"
        pytest.importorskip("sqlite_vec", reason=remedy)
        if not hasattr(sqlite3.Connection, "enable_load_extension"):
            pytest.importorskip("pysqlite3", reason=remedy)
    if request.param == "milvus":
        pytest.importorskip(
            "milvus_lite", reason="no Milvus here: pip install 'pocketshelf[milvus]' milvus-lite"
        )
    if request.param.endswith("apart"):
        site = Site.create(tmp_path / "apart", SiteConfig())
        catalogue = SqliteCatalogue.create(site.catalogue_path, SPACE)
        with (
            closing(catalogue),
            closing(ApartIndex(request.param.split()[0], catalogue, site, threads=1)) as index,
        ):
            yield catalogue, index
        return
    # By one thread, for several insert in another order each time, and an approximate answer with it.
    index = (
        GraphIndex(catalogue, threads=1)
        if request.param == "graph"
        else make_index(request.param, catalogue, Site.create(tmp_path / "site", SiteConfig()))
    )
    yield catalogue, index
    index.close()
    catalogue.close()


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


def test_an_index_that_cannot_work_says_what_to_set(
    sqlite_catalogue: SqliteCatalogue, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match="set index to 'scan'"):
        make_index("pgvector", sqlite_catalogue, Site(tmp_path))
