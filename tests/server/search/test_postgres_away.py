"""A database that goes away, is silent, and comes back."""

from __future__ import annotations

import socket
import time
from contextlib import closing

import psycopg
import pytest
from search_truth import expected, fill, query
from server_products import SPACE

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import postgres as module
from pocketshelf_server.catalogue.postgres import PATIENCE, PostgresCatalogue
from pocketshelf_server.search.pgvector import PgVectorIndex


def test_a_database_that_accepts_and_is_silent_costs_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.PATIENCE, "connect_timeout", 2)  # The least that libpq knows.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(CatalogueError, match=r"PostgreSQL: .*check the address"):
            PostgresCatalogue(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/shop")
        assert time.monotonic() - began < 10


def test_every_connection_is_given_up_in_time_unless_the_address_says_otherwise(
    postgres_address: str,
) -> None:
    PostgresCatalogue.create(postgres_address, SPACE).close()
    for more, wanted in (("", {}), ("&tcp_user_timeout=7000", {"tcp_user_timeout": 7000})):
        with closing(PostgresCatalogue(postgres_address + more)) as catalogue:
            given = catalogue.connection().info.get_parameters()
            assert {name: given[name] for name in PATIENCE} == {
                name: str(value) for name, value in {**PATIENCE, **wanted}.items()
            }


def test_one_that_was_restarted_is_searched_and_followed_again(postgres: str, postgres_address: str) -> None:
    with closing(PostgresCatalogue.create(postgres_address, SPACE)) as catalogue:
        index = PgVectorIndex(catalogue)
        fill(catalogue, 30)
        index.refresh()
        pid = catalogue.connection().info.backend_pid
        with psycopg.connect(postgres) as operator:
            operator.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(CatalogueError, match="PostgreSQL"):
            index.search(query(1), 10, None)
        found = [key for key, _ in index.search(query(1), 10, None)]
        assert found == expected(catalogue, query(1), 10, None) and index.refresh() == 30
