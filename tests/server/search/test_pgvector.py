"""What pgvector adds to the suite of every index: how its rows lie, and which way PostgreSQL goes to them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from search_truth import expected, fill, query
from server_products import SPACE

from pocketshelf_server.catalogue import Delete
from pocketshelf_server.catalogue.postgres import PostgresCatalogue
from pocketshelf_server.search import pgvector as module
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


def test_searches_go_on_in_the_old_state_while_everything_is_read_anew(
    indexed: tuple[PostgresCatalogue, PgVectorIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue, index = indexed
    fill(catalogue, 40)
    index.refresh()
    before = expected(catalogue, query(1), 10, None)
    catalogue.apply([Delete(key) for key in before[:3]])
    catalogue.compact(catalogue.sequence())
    insert, seen = module._insert, []

    def search() -> list[str]:
        catalogue.query("SELECT set_config('statement_timeout', '5s', false)")
        return [key for key, _ in index.search(query(1), 10, None)]

    def slow(*args: object) -> int:
        done = insert(*args)  # type: ignore[arg-type]
        with ThreadPoolExecutor(1) as other:
            seen.append(other.submit(search).result())
        return done

    monkeypatch.setattr(module, "_insert", slow)
    assert index.refresh() == 43
    assert seen == [before]
    assert [key for key, _ in index.search(query(1), 10, None)] == expected(catalogue, query(1), 10, None)
    names = catalogue.query(
        "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() "
        "AND tablename ~ '^pocketshelf_vectors(_fresh)?$' ORDER BY 1"
    )
    assert [name for (name,) in names] == [
        f"pocketshelf_vectors_{of}" for of in ("by_category", "by_product", "graph")
    ]
