"""Which database holds a site's catalogue: the one that its ``config.json`` names."""

from __future__ import annotations

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space
from pocketshelf_server.catalogue.protocol import Catalogue
from pocketshelf_server.catalogue.sqlite import SqliteCatalogue
from pocketshelf_server.site import Site

__all__ = ["create_catalogue", "open_catalogue"]


def open_catalogue(site: Site) -> Catalogue:
    """Open the catalogue of ``site``.

    Raises:
        CatalogueError: it is missing, damaged, or its database cannot be reached.
    """
    address = site.config().catalogue
    if address == "sqlite":
        return SqliteCatalogue(site.catalogue_path)
    _check_address(address)
    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    return PostgresCatalogue(address)


def create_catalogue(site: Site, space: Space) -> Catalogue:
    """Make the empty catalogue of a new ``site``.

    Raises:
        CatalogueError: there is one already, or the database cannot be reached.
    """
    address = site.config().catalogue
    if address == "sqlite":
        return SqliteCatalogue.create(site.catalogue_path, space)
    _check_address(address)
    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    return PostgresCatalogue.create(address, space)


def _check_address(address: str) -> None:
    if not address.startswith(("postgresql://", "postgres://")):
        raise CatalogueError(f"catalogue {address!r}: must be 'sqlite' or start with postgresql://")
