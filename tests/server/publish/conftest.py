"""A catalogue to change between publications."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pocketshelf_server.catalogue import Catalogue, open_catalogue
from pocketshelf_server.site import Site


@pytest.fixture
def edited(site: Site) -> Iterator[Catalogue]:
    """The catalogue of the fixture ``site``."""
    catalogue = open_catalogue(site)
    yield catalogue
    catalogue.close()
