"""Real parts for the server's tests: a PostgreSQL in a folder, sites, catalogues, a server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_products import SPACE

from server.catalogue import Catalogue, SqliteCatalogue


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real PostgreSQL (pgserver's, with pgvector)."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'pocketshelf[server]'")
    pgserver = pytest.importorskip("pgserver", reason="no PostgreSQL here: pip install pgserver")
    folder = tmp_path_factory.mktemp("postgres")
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError, RuntimeError, ValueError) as error:
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_address(postgres: str) -> Iterator[str]:
    """An address with a schema of its own in it."""
    import psycopg

    schema = f"s{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(f"CREATE SCHEMA {schema}")
    separator = "&" if "?" in postgres else "?"
    yield f"{postgres}{separator}options=-csearch_path%3D{schema},public"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def sqlite_catalogue(tmp_path: Path) -> Iterator[SqliteCatalogue]:
    """An empty catalogue in a file."""
    catalogue = SqliteCatalogue.create(tmp_path / "catalogue.sqlite", SPACE)
    yield catalogue
    catalogue.close()


@pytest.fixture(params=["sqlite", "postgres"])
def catalogue(request: pytest.FixtureRequest) -> Iterator[Catalogue]:
    """An empty catalogue of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_catalogue")
        return
    address = request.getfixturevalue("postgres_address")
    from server.catalogue.postgres import PostgresCatalogue

    made = PostgresCatalogue.create(address, SPACE)
    yield made
    made.close()
