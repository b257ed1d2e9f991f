"""What pgvector adds to the suite of every index: how its rows lie, and which way PostgreSQL goes to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from search_truth import expected, fill, query
from server_products import SPACE

from pocketshelf_server.catalogue.postgres import PostgresCatalogue
from pocketshelf_server.search.pgvector import PgVectorIndex


@pytest.fixture
def indexed(postgres_address: str) -> Iterator[tuple[PostgresCatalogue, PgVectorIndex]]:
    catalogue = PostgresCatalogue.create(postgres_address, SPACE)
    yield catalogue, PgVectorIndex(catalogue)
    catalogue.close()


def test_a_categorys_rows_lie_side_by_side_once_all_was_read(
    indexed: tuple[PostgresCatalogue, PgVectorIndex],
) -> None:
    catalogue, index = indexed
    fill(catalogue, 300)
    index.refresh()
    lying = [name for (name,) in catalogue.query("SELECT category FROM pocketshelf_vectors ORDER BY ctid")]
    assert lying == sorted(lying) and len(set(lying)) > 2
    # PostgreSQL knows it, and so which way is shorter.
    ((order,),) = catalogue.query(
        "SELECT correlation FROM pg_stats WHERE tablename = 'pocketshelf_vectors' AND attname = 'category' "
        "AND schemaname = current_schema()"
    )
    assert order == 1.0


def test_more_candidates_find_no_less(indexed: tuple[PostgresCatalogue, PgVectorIndex]) -> None:
    catalogue, index = indexed
    fill(catalogue, 400)
    index.refresh()

    def found(ef: int) -> int:
        index.ef = ef
        return sum(
            len(
                {key for key, _ in index.search(query(seed), 10, None)}
                & set(expected(catalogue, query(seed), 10, None))
            )
            for seed in range(10)
        )

    assert found(1) <= found(200) == 100
