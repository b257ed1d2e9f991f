"""The catalogue: products, their vectors, and a change log, in SQLite or in PostgreSQL."""

from pocketshelf_server.catalogue.base import Catalogue, View
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Entry, Upsert
from pocketshelf_server.catalogue.opening import create_catalogue, open_catalogue
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
    "create_catalogue",
    "open_catalogue",
]
