"""Catalogues: a shop's list of products and pictures, and the local store that is built from it."""

from pocketshelf.catalogue.build import BuildReport, build_store
from pocketshelf.catalogue.listing import (
    REQUIRED_COLUMNS,
    CatalogueRow,
    CatalogueTable,
    ListedPicture,
    ListedProduct,
    RowProblem,
)
from pocketshelf.catalogue.reading import ReadOptions, parse_mapping, read_catalogue

__all__ = [
    "REQUIRED_COLUMNS",
    "BuildReport",
    "CatalogueRow",
    "CatalogueTable",
    "ListedPicture",
    "ListedProduct",
    "ReadOptions",
    "RowProblem",
    "build_store",
    "parse_mapping",
    "read_catalogue",
]
