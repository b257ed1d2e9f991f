"""What a product may be: the same answer for what joins a catalogue, for a file's rows and for a file."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketshelf.errors import StoreError
from pocketshelf.formats import Product, ShardMeta, create_shard, open_shard
from pocketshelf.formats.product_rules import (
    MAX_CATEGORIES,
    MAX_VECTORS,
    check_product,
    check_row,
    check_texts,
    fitting_categories,
)

META = ShardMeta("space", "hash", "bundle", 3, 4)
ONE = np.ones((1, 4), np.int8)


def deep(levels: int) -> str:
    return '{"x":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


BAD_ATTRIBUTES = {
    "nested 1,500 deep": deep(1500),
    "nested 17 deep": deep(17),
    "5,000 digits": '{"x":' + "9" * 5000 + "}",
    "10**400": '{"x":1' + "0" * 400 + "}",
    "beyond 63 bits": '{"x":9223372036854775808}',
    "below 63 bits": '{"x":-9223372036854775808}',
    "beyond float64": '{"x":1e400}',
    "NaN": '{"x":NaN}',
    "infinity": '{"x":-Infinity}',
    "lone surrogate": '{"x":"\\ud800"}',
    "lone surrogate in a name": '{"\\udfff":1}',
    "no object": "[]",
    "a longer text": json.dumps({"x": "y" * 1_000_001}),
}
BAD_TEXTS = [
    {"product_id": ""},
    {"product_id": "a\nb"},
    {"product_id": "a\x1b[31m"},
    {"product_id": "\ud800"},
    {"product_id": "x" * 5000},
    {"category": ""},
    {"category": "a\x9bb"},
    {"category": "\udc00"},
    {"title": "\x00"},
    {"title": "\ud83d"},
    {"title": "x" * 5000},
    {"image": "a\rb.jpg"},
    {"image": "x" * 5000},
]


def row(**change: Any) -> tuple[Any, ...]:
    columns = {"product_id": "a", "sequence": 1, "category": "c", "title": "t", "image": None}
    return tuple({**columns, "attributes": "{}", "vectors": bytes(4), **change}.values())


def texts_of(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values[0], *values[2:6]


@pytest.mark.parametrize("name", BAD_ATTRIBUTES)
def test_attributes_that_a_device_would_refuse_are_refused_in_rows_and_files(name: str) -> None:
    bad = row(attributes=BAD_ATTRIBUTES[name])
    with pytest.raises(ValueError):
        check_row(bad, 4)
    with pytest.raises(ValueError):
        check_texts(*texts_of(bad))


@pytest.mark.parametrize(
    "name",
    [name for name in BAD_ATTRIBUTES if name not in ("nested 1,500 deep", "5,000 digits", "no object")],
)
def test_attributes_that_a_device_would_refuse_do_not_join_a_catalogue(name: str) -> None:
    attributes = json.loads(BAD_ATTRIBUTES[name])
    with pytest.raises(ValueError, match="'a'"):
        check_product(Product("a", 0, "c", "t", None, ONE, attributes), 4)


def test_attributes_nested_as_deep_as_python_allows_do_not_join_a_catalogue() -> None:
    nest: list = []
    for _ in range(1500):
        nest = [nest]
    with pytest.raises(ValueError, match="deeper than 16"):
        check_product(Product("a", 0, "c", "t", None, ONE, {"x": nest}), 4)


@pytest.mark.parametrize("change", BAD_TEXTS, ids=repr)
def test_a_text_is_refused_alike_by_every_check(change: dict[str, str]) -> None:
    bad = row(**change)
    product_id, category, title, image, _ = texts_of(bad)
    with pytest.raises(ValueError):
        check_product(Product(product_id, 0, category, title, image, ONE, {}), 4)
    with pytest.raises(ValueError):
        check_row(bad, 4)
    with pytest.raises(ValueError):
        check_texts(*texts_of(bad))


def test_what_is_at_the_bounds_is_taken() -> None:
    attributes = json.loads(deep(16)) | {"n": 2**63 - 1, "m": -(2**63) + 1, "f": 1.5e308, "t": "\U0001f34e"}
    product = Product(
        "a" * 4096, 0, "c", "tab\tand\nline", "b/a.jpg", np.ones((MAX_VECTORS, 4), np.int8), attributes
    )
    check_product(product, 4)
    assert check_row(product.to_row(), 4) == attributes


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(), max_size=6),
    st.text(st.characters(), max_size=6),
    st.text(st.characters(), max_size=6),
    st.none() | st.text(st.characters(), max_size=6),
    st.dictionaries(
        st.text(st.characters(), max_size=3),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=3),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
            ),
            max_leaves=5,
        ),
        max_size=3,
    ),
)
def test_what_joins_is_what_every_reader_takes(
    product_id: str, category: str, title: str, image: str | None, attributes: dict[str, Any]
) -> None:
    """What `check_product` lets join, a device's checks of row and file take, byte for byte; and it alone."""
    product = Product(product_id, 1, category, title, image, ONE, attributes)
    try:
        check_product(product, 4)
    except ValueError:
        return
    assert check_row(product.to_row(), 4) == attributes
    check_texts(*product.texts())
    with sqlite3.connect(":memory:") as connection:
        assert connection.execute("SELECT ?", (product.texts()[0],)).fetchone() == (product_id,)


def test_a_file_with_a_bad_attribute_is_refused_whole(tmp_path: Path) -> None:
    create_shard(tmp_path / "s", META, [Product("a", 1, "c", "t", None, ONE, {"x": "y"})])
    for name, text in BAD_ATTRIBUTES.items():
        connection = sqlite3.connect(tmp_path / "s")
        connection.execute("UPDATE products SET attributes = ?", (text,))
        connection.commit()
        connection.close()
        with open_shard(tmp_path / "s") as shard, pytest.raises(StoreError, match="sync or build it again"):
            shard.check()
        assert name


def test_more_pictures_than_a_device_takes_are_no_row() -> None:
    with pytest.raises(ValueError, match="needs 1 to 32 vectors, has 33"):
        check_row(row(vectors=bytes(4 * 33)), 4)


def test_categories_fit_in_the_order_given_until_a_manifest_is_full() -> None:
    names = [f"{i:05d}" + "é" * 400 for i in range(6000)]
    fitting = fitting_categories(names)
    assert fitting == set(names[: len(fitting)]) and 3000 < len(fitting) < 6000
    entries = {name: {"local": 10**9, "catalogue": 10**9} for name in fitting}
    assert len(json.dumps(entries, ensure_ascii=False).encode()) <= MAX_CATEGORIES
    assert fitting_categories(["a", "b"]) == {"a", "b"}
