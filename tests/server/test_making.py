"""Making a site."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_products import SPACE

from pocketshelf.errors import CatalogueError, StoreError
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import KeyFolder, open_repository


def test_a_new_site_can_be_published_at_once(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", SPACE, offline=tmp_path / "safe", root_keys=2, threshold=2)
    catalogue = open_catalogue(site)
    assert (catalogue.space, catalogue.count()) == (SPACE, 0)
    catalogue.close()
    assert [status.threshold for status in open_repository(site).status()] == [2, 1, 1, 1]
    assert len(list((tmp_path / "safe").glob("root-*.pem"))) == 2 and not site.offline_keys.exists()
    assert [result.sequence for result in publish_site(site)] == [0]


def test_after_a_failure_it_can_be_made_again(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'pocketshelf[server]'")
    nowhere = SiteConfig(catalogue="postgresql://127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(CatalogueError, match="PostgreSQL"):
        make_site(tmp_path / "site", SPACE, nowhere)
    assert make_site(tmp_path / "site", SPACE).config().catalogue == "sqlite"
    with pytest.raises(CatalogueError, match="is a site already"):
        make_site(tmp_path / "site", SPACE)


def test_secrets_are_their_owner_s_alone(site: Site) -> None:
    secret = [site.token_path, *site.online_keys.iterdir(), *site.offline_keys.glob("*.pem")]
    assert len(secret) == 5 and {path.stat().st_mode & 0o777 for path in secret} == {0o600}


def test_without_keys_nothing_is_published(tmp_path: Path) -> None:
    site = Site.create(tmp_path / "site", SiteConfig())
    with pytest.raises(StoreError, match="keys make"):
        publish_site(site)
    assert list(site.targets.iterdir()) == [] and not site.history_path.exists()
    open_repository(site).create(KeyFolder(site.offline_keys))
    with pytest.raises(CatalogueError, match="no catalogue"):
        publish_site(site)
