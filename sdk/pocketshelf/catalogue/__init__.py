"""Catalogues: a shop's CSV of products and pictures, and the local store that is built from it."""

from pocketshelf.catalogue.build import BuildReport, build_store
from pocketshelf.catalogue.table import (
    REQUIRED_COLUMNS,
    CatalogueRow,
    CatalogueTable,
    RowProblem,
    read_catalogue,
)

__all__ = [
    "REQUIRED_COLUMNS",
    "BuildReport",
    "CatalogueRow",
    "CatalogueTable",
    "RowProblem",
    "build_store",
    "read_catalogue",
]
