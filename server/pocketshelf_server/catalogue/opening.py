"""Which database holds a site's catalogue: the one that its ``config.json`` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.sqlite import SqliteCatalogue
from pocketshelf_server.site import Site

__all__ = ["create_catalogue", "open_catalogue"]


def open_catalogue(site: Site) -> Catalogue:
    """Open the catalogue of ``site``.

    Raises:
        CatalogueError: it is missing, damaged, or its database cannot be reached.
    """
    kind, where = _database(site)
    return kind(where)


def create_catalogue(site: Site, space: Space) -> Catalogue:
    """Make the empty catalogue of a new ``site``.

    Raises:
        CatalogueError: there is one already, or the database cannot be reached.
    """
    kind, where = _database(site)
    return kind.create(where, space)


def _database(site: Site) -> tuple[Any, Path | str]:
    """The class of catalogue, and where it is."""
    address = site.config().catalogue
    if address == "sqlite":
        return SqliteCatalogue, site.catalogue_path
    if not address.startswith(("postgresql://", "postgres://")):
        raise CatalogueError("config.json: 'catalogue' must be 'sqlite' or start with postgresql://")
    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    return PostgresCatalogue, address
