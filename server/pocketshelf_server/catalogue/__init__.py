"""The catalogue: products, their vectors, and a change log, in SQLite or in PostgreSQL."""

from pocketshelf_server.catalogue.opening import create_catalogue, open_catalogue
from pocketshelf_server.catalogue.protocol import (
    Applied,
    Catalogue,
    Change,
    Delete,
    Entry,
    Upsert,
    View,
    check_space,
)
from pocketshelf_server.catalogue.sqlite import SqliteCatalogue

__all__ = [
    "Applied",
    "Catalogue",
    "Change",
    "Delete",
    "Entry",
    "SqliteCatalogue",
    "Upsert",
    "View",
    "check_space",
    "create_catalogue",
    "open_catalogue",
]
