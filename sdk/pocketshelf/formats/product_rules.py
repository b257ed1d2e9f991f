"""What a product may be, wherever it comes from: an import, ``/v1/changes``, a store, a server's files.

`check_product` is for what joins a catalogue and may be published; `check_row` for every row that is written
to a shard, `read_row` for every one that is read. The same rules for a whole file are SQL,
``contract/sql/check_*.sql``.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pocketshelf.formats.product import Product

__all__ = ["MAX_TEXT", "MAX_VECTORS", "check_names", "check_product", "check_row", "read_row"]

# Characters of an id, a category, a title or an image's name.
MAX_TEXT = 4096
MAX_VECTORS = 32
# Bytes of a product's texts and attributes.
MAX_ROW = 1_000_000
# A device must be able to read it, whatever its JSON library.
MAX_DEPTH = 16


def check_names(product_id: str, category: str) -> None:
    """Refuse an id or a category that no shard may hold.

    Raises:
        ValueError: one is empty or too long; the message names it.
    """
    for name, text in (("product_id", product_id), ("category", category)):
        if not text or len(text) > MAX_TEXT:
            raise ValueError(f"{name} must have 1 to {MAX_TEXT} characters")


def check_product(product: Product, dimension: int) -> None:
    """Refuse what could not be published.

    Raises:
        ValueError: an empty or overlong text, attributes that JSON does not have, or vectors of another
            shape or type; the message names the product.
    """
    check_names(product.product_id, product.category)
    who = repr(product.product_id)
    if len(product.title) > MAX_TEXT or len(product.image or "") > MAX_TEXT:
        raise ValueError(f"{who}: title and image must have at most {MAX_TEXT} characters")
    if _is_deeper(product.attributes, MAX_DEPTH):
        raise ValueError(f"{who}: attributes are nested deeper than {MAX_DEPTH}")
    try:
        data = "".join(text or "" for text in product.texts()).encode()
    except (ValueError, TypeError) as error:
        raise ValueError(f"{who}: cannot be stored ({error})") from error
    if b"\x00" in data:
        raise ValueError(f"{who}: a text holds a NUL")
    if len(data) > MAX_ROW:
        raise ValueError(f"{who}: its texts and attributes are longer than {MAX_ROW} bytes")
    shape = product.vectors.shape
    if product.vectors.dtype != np.int8 or len(shape) != 2 or shape[1] != dimension:
        raise ValueError(f"{who}: vectors must be int8 of {dimension} numbers each")
    if not 1 <= shape[0] <= MAX_VECTORS:
        raise ValueError(f"{who}: needs 1 to {MAX_VECTORS} vectors, has {shape[0]}")


def check_row(row: tuple[Any, ...], dimension: int) -> dict[str, Any]:
    """The attributes of a stored row (see `pocketshelf.formats.product`), once every value fits its column.

    Raises:
        ValueError: a value does not fit the format; the message names the product.
    """
    product_id, sequence, category, title, image, attributes, blob = row
    if not isinstance(product_id, str) or not product_id:
        raise ValueError("a product without an id")
    texts = isinstance(category, str) and isinstance(title, str) and isinstance(image, str | None)
    if not texts or not isinstance(sequence, int) or not isinstance(blob, bytes):
        raise ValueError(f"product {product_id!r}: a column of the wrong type")
    if not blob or len(blob) % dimension:
        raise ValueError(f"product {product_id!r}: {len(blob)} bytes are no vectors of {dimension}")
    parsed = json.loads(attributes)
    if not isinstance(parsed, dict):
        raise ValueError(f"product {product_id!r}: attributes are no JSON object")
    return parsed


def read_row(row: tuple[Any, ...], dimension: int) -> Product:
    """The product of a stored row, the inverse of `Product.to_row`; raises as `check_row`."""
    attributes = check_row(row, dimension)
    product_id, sequence, category, title, image, _, blob = row
    vectors = np.frombuffer(blob, dtype=np.int8).reshape(-1, dimension)
    return Product(product_id, sequence, category, title, image, vectors, attributes)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in each other more than ``levels`` deep."""
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)
