"""What a product may be, wherever it comes from: build, import, ``/v1/changes``, a store, a server's files.

One rule set, so that nothing joins a catalogue or is published that a device would refuse. `check_described`
and `check_product` are for what joins; `check_row` for every row that is written to a shard, `read_row` for
every one that is read; `check_texts` for the texts of a whole file. What of it SQL can say is in
``contract/sql/check_*.sql``, too.

Attributes are JSON as any platform reads it: see `pocketshelf.formats.strict_json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from pocketshelf.formats import strict_json
from pocketshelf.formats.product import Product

__all__ = [
    "MAX_TEXT",
    "MAX_VECTORS",
    "check_described",
    "check_names",
    "check_product",
    "check_row",
    "check_texts",
    "fitting_categories",
    "read_row",
]

# Characters of an id, a category, a title or an image's name.
MAX_TEXT = 4096
MAX_VECTORS = 32
# Bytes of a product's texts and attributes.
MAX_ROW = 1_000_000
# A device must be able to read it, whatever its JSON library.
MAX_DEPTH = 16
# Bytes of all categories in a manifest, which a device takes up to 4,000,000 bytes of; and what each takes
# besides its name.
MAX_CATEGORIES, CATEGORY_OVERHEAD = 3_500_000, 80
# A name is listed one a line and typed at a terminal; a title may be anything that is no NUL.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What nearly all attributes are, and nothing is wrong with: texts by name, on one level.
_NOTHING = np.empty((0, 0), np.int8)
_FLAT = re.compile(r'\{(?:"[^"\\]*":"[^"\\]*",?)*\}')


def check_names(product_id: str, category: str) -> None:
    """Refuse an id or a category that no shard may hold.

    Raises:
        ValueError: one is empty, too long, or holds a control character; the message names it.
    """
    for name, text in (("product_id", product_id), ("category", category)):
        if not text or len(text) > MAX_TEXT:
            raise ValueError(f"{name} must have 1 to {MAX_TEXT} characters")
        _check_name(name, text)


def check_described(
    product_id: str, category: str, title: str, image: str | None, attributes: dict[str, Any]
) -> None:
    """Refuse what a catalogue says of a product, before anything is made of it.

    Raises:
        ValueError: an empty or overlong text, or attributes that not every JSON reader takes; the message
            names the product.
    """
    check_names(product_id, category)
    try:
        strict_json.check(attributes, MAX_DEPTH)
        texts = Product(product_id, 0, category, title, image, _NOTHING, attributes).texts()
    except (ValueError, TypeError) as error:
        raise ValueError(f"{product_id!r}: cannot be stored ({error})") from error
    _check_lengths(texts)


def check_product(product: Product, dimension: int) -> None:
    """Refuse what could not be published.

    Raises:
        ValueError: as `check_described`, or vectors of another shape or type.
    """
    p, who = product, repr(product.product_id)
    check_described(p.product_id, p.category, p.title, p.image, p.attributes)
    shape = p.vectors.shape
    if p.vectors.dtype != np.int8 or len(shape) != 2 or shape[1] != dimension:
        raise ValueError(f"{who}: vectors must be int8 of {dimension} numbers each")
    _check_count(who, shape[0])


def check_row(row: tuple[Any, ...], dimension: int) -> dict[str, Any]:
    """The attributes of a stored row (see `pocketshelf.formats.product`), once every value fits its column.

    Raises:
        ValueError: a value does not fit the format; the message names the product.
    """
    product_id, sequence, category, title, image, attributes, blob = row
    if not isinstance(product_id, str) or not product_id:
        raise ValueError("a product without an id")
    if not isinstance(sequence, int) or not isinstance(blob, bytes):
        raise ValueError(f"product {product_id!r}: a column of the wrong type")
    if not blob or len(blob) % dimension:
        raise ValueError(f"product {product_id!r}: {len(blob)} bytes are no vectors of {dimension}")
    _check_count(repr(product_id), len(blob) // dimension)
    _check_columns(product_id, category, title, image, attributes)
    return _read_attributes(product_id, attributes)


def read_row(row: tuple[Any, ...], dimension: int) -> Product:
    """The product of a stored row, the inverse of `Product.to_row`; raises as `check_row`."""
    attributes = check_row(row, dimension)
    product_id, sequence, category, title, image, _, blob = row
    vectors = np.frombuffer(blob, dtype=np.int8).reshape(-1, dimension)
    return Product(product_id, sequence, category, title, image, vectors, attributes)


def check_texts(product_id: str, category: str, title: str, image: str | None, attributes: str) -> None:
    """Refuse a stored row for its texts, without making a product of it; raises as `check_row`."""
    _check_columns(product_id, category, title, image, attributes)
    if not _FLAT.fullmatch(attributes):
        _read_attributes(product_id, attributes)


def fitting_categories(names: Iterable[str]) -> set[str]:
    """Those of ``names``, taken in their order, that a device's bound of a manifest has room for."""
    left, fitting = MAX_CATEGORIES, set()
    for name in names:
        size = len(json.dumps(name, ensure_ascii=False).encode(errors="replace")) + CATEGORY_OVERHEAD
        if size <= left:
            left -= size
            fitting.add(name)
    return fitting


def _check_columns(*texts: Any) -> None:
    product_id, category, title, image, attributes = texts
    if not all(isinstance(text, str) for text in (product_id, category, title, attributes)):
        raise ValueError(f"product {product_id!r}: a column of the wrong type")
    if not isinstance(image, str | None):
        raise ValueError(f"product {product_id!r}: a column of the wrong type")
    check_names(product_id, category)
    _check_lengths(texts)


def _check_lengths(texts: tuple[str, str, str, str | None, str]) -> None:
    """Title and image, and all together; ids and categories have been looked at."""
    product_id, _, title, image, _ = texts
    who = repr(product_id)
    if len(title) > MAX_TEXT or len(image or "") > MAX_TEXT:
        raise ValueError(f"{who}: title and image must have at most {MAX_TEXT} characters")
    if image:
        _check_name(f"{who}: image", image)
    joined = "".join(text or "" for text in texts)
    if "\x00" in joined:
        raise ValueError(f"{who}: a text holds a NUL")
    try:
        length = len(joined) if joined.isascii() else len(joined.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"{who}: cannot be stored ({error})") from error
    if length > MAX_ROW:
        raise ValueError(f"{who}: its texts and attributes are longer than {MAX_ROW} bytes")


def _check_name(name: str, text: str) -> None:
    if found := _CONTROLS.search(text):
        what = "a NUL" if found[0] == "\x00" else f"the control character {found[0]!r}"
        raise ValueError(f"{name} holds {what}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} {text[:80]!r} cannot be stored: it is no whole Unicode text") from error


def _check_count(who: str, vectors: int) -> None:
    if not 1 <= vectors <= MAX_VECTORS:
        raise ValueError(f"{who}: needs 1 to {MAX_VECTORS} vectors, has {vectors}")


def _read_attributes(product_id: str, text: str) -> dict[str, Any]:
    try:
        parsed = strict_json.loads(text, MAX_DEPTH)
    except ValueError as error:
        raise ValueError(f"product {product_id!r}: attributes: {error}") from error
    if not isinstance(parsed, dict):
        raise ValueError(f"product {product_id!r}: attributes are no JSON object")
    return parsed
