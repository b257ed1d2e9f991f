"""The catalogue: products, their vectors, and a change log, in SQLite or in PostgreSQL."""

from pocketshelf_server.catalogue.opening import create_catalogue, open_catalogue
from pocketshelf_server.catalogue.protocol import (
    Applied,
    Catalogue,
    Change,
    Delete,
    Entry,
    Product,
    Row,
    Space,
    Upsert,
    View,
    check_space,
    content_hash,
)
from pocketshelf_server.catalogue.sqlite import SqliteCatalogue

__all__ = [
    "Applied",
    "Catalogue",
    "Change",
    "Delete",
    "Entry",
    "Product",
    "Row",
    "Space",
    "SqliteCatalogue",
    "Upsert",
    "View",
    "check_space",
    "content_hash",
    "create_catalogue",
    "open_catalogue",
]
