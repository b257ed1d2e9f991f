"""A catalogue's rows and its meta table, the same in every database."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue.protocol import Product, Row, Space

__all__ = ["COLUMNS", "from_columns", "new_meta", "space_from_meta", "to_columns"]

FORMAT, VERSION = "pocketshelf-catalogue", "1"
COLUMNS = "product_id, sequence, category, title, image, attributes, vectors, content_hash"


def to_columns(number: int, p: Product) -> tuple:
    """The values of `COLUMNS` for a product whose last change is ``number``."""
    texts = (p.product_id, number, p.category, p.title, p.image, p.attributes_json())
    return (*texts, p.vectors.tobytes(), p.content_hash)


def from_columns(row: tuple, dimension: int) -> Row:
    """The inverse of `to_columns`."""
    vectors = np.frombuffer(row[6], dtype=np.int8).reshape(-1, dimension)
    return Row(row[1], Product(row[0], row[2], row[3], row[4], json.loads(row[5]), vectors, row[7]))


def new_meta(space: Space) -> list[tuple[str, str]]:
    """The meta table, (key, value), of an empty catalogue."""
    meta = {"format": FORMAT, "version": VERSION, "space": space.name, "sequence": "0", "compacted": "0",
            "preprocessing": space.preprocessing, "bundle": space.bundle,
            "dimension": str(space.dimension)}  # fmt: skip
    return sorted(meta.items())


def space_from_meta(meta: Mapping[str, str], where: str) -> Space:
    """What the vectors of a catalogue mean, by its meta table.

    Raises:
        CatalogueError: what is in ``where`` is no catalogue that this version reads.
    """
    if (meta.get("format"), meta.get("version")) != (FORMAT, VERSION):
        raise CatalogueError(f"{where}: not a {FORMAT} of version {VERSION}")
    return Space(meta["space"], meta["preprocessing"], meta["bundle"], int(meta["dimension"]))
