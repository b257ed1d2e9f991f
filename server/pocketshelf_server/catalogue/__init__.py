"""The catalogue: products, their vectors, and a change log, in SQLite or in PostgreSQL."""

from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Entry, Upsert
from pocketshelf_server.catalogue.opening import create_catalogue, open_catalogue
from pocketshelf_server.catalogue.sqlite import SqliteCatalogue
from pocketshelf_server.catalogue.view import View

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
