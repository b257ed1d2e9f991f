"""Making a site: its folder, its catalogue, its keys, and a signed, empty repository."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space
from pocketshelf_server.catalogue import create_catalogue
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import KeyFolder, open_repository

__all__ = ["make_site"]


def make_site(
    folder: Path,
    space: Space,
    config: SiteConfig | None = None,
    offline: Path | None = None,
    root_keys: int = 1,
    threshold: int = 1,
) -> Site:
    """Make a site for vectors of ``space``.

    Args:
        offline: where the root keys go; ``keys/offline`` of the site if None.
        root_keys, threshold: how many root keys there are, and how many must sign a new root.

    Raises:
        CatalogueError: the folder is a site already, or its database cannot be made.
        StoreError: the keys cannot be made.
    """
    site = Site.create(folder, config or SiteConfig())
    try:
        create_catalogue(site, space).close()
    except CatalogueError:
        site.config_path.unlink()  # So that it can be tried again once the database is there.
        raise
    open_repository(site).create(KeyFolder.offline(offline or site.offline_keys), root_keys, threshold)
    return site
