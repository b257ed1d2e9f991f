"""Shards and deltas: round trips, golden files of each version, and hostile or damaged files refused."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from contract.golden.generate_formats import CHANGED, FOLDER, PRODUCTS
from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.formats import (
    DeltaMeta,
    Product,
    ShardMeta,
    apply_delta,
    create_delta,
    create_shard,
    open_delta,
    open_shard,
    quantize_vectors,
)

META = ShardMeta("space", "hash", "bundle", 3, 4)


def product(product_id: str, sequence: int = 1, pictures: int = 1, category: str = "c") -> Product:
    vectors = np.full((pictures, 4), len(product_id), dtype=np.int8)
    return Product(product_id, sequence, category, f"title {product_id}", None, vectors, {"n": sequence})


def same(a: Product | None, b: Product | None) -> bool:
    return a == b and a is not None and b is not None and np.array_equal(a.vectors, b.vectors)


def execute(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)
def test_quantizing_keeps_the_direction(vectors: np.ndarray) -> None:
    result = quantize_vectors(vectors)
    assert result.dtype == np.int8 and result.shape == vectors.shape
    for before, after in zip(vectors.astype(np.float64), result.astype(np.float64), strict=True):
        top = np.abs(before).max()
        if top > 0:
            assert np.abs(after).max() == 127
            assert np.abs(before / top * 127 - after).max() <= 0.5 + 1e-3
        else:
            assert not after.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_quantizing_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        quantize_vectors(np.array([[0.0, bad]]))


def test_golden_shard_of_version_1_is_read() -> None:
    with open_shard(FOLDER / "formats/shard-v1.sqlite") as shard:
        shard.check()
        assert shard.meta == ShardMeta("golden-space", "0123456789abcdef", "gold", 3, 4)
        assert all(same(a, b) for a, b in zip(shard, PRODUCTS, strict=True))
        assert shard.categories() == {"Röcke": 1, "Shoes": 2}


def test_golden_delta_of_version_1_applies(tmp_path: Path) -> None:
    path = shutil.copy(FOLDER / "formats/shard-v1.sqlite", tmp_path / "shard.sqlite")
    with open_delta(FOLDER / "formats/delta-v1.sqlite") as delta:
        delta.check()
        assert list(delta.tombstones()) == [("12", 5)]
        assert all(same(a, b) for a, b in zip(delta.products(), [CHANGED], strict=True))
    assert apply_delta(path, FOLDER / "formats/delta-v1.sqlite").sequence == 5
    with open_shard(path) as shard:
        shard.check()
        assert all(same(a, b) for a, b in zip(shard, [PRODUCTS[0], CHANGED], strict=True))


def test_the_same_products_in_any_order_are_the_same_bytes(tmp_path: Path) -> None:
    products = [product(str(n)) for n in range(50)]
    assert create_shard(tmp_path / "a", META, products) == 50
    create_shard(tmp_path / "b", META, reversed(products))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_product_is_found_by_its_id_and_an_id_by_its_row(tmp_path: Path) -> None:
    create_shard(tmp_path / "s", META, [product("b", pictures=2), product("a"), product("z", category="d")])
    with open_shard(tmp_path / "s") as shard:
        assert same(shard.get("b"), product("b", pictures=2)) and shard.get("q") is None
        assert shard.ids([3, 1, 9]) == {1: "a", 3: "z"}


@pytest.mark.parametrize(
    ("products", "message"),
    [
        ([product("a"), product("a")], "comes twice"),
        ([Product("", 1, "c", "t", None, np.zeros((1, 4), np.int8))], "without an id"),
        ([Product("a", 1, "c", "t", None, np.zeros((1, 5), np.int8))], "5 bytes are no vectors of 4"),
        ([Product("a", 1, "c", "t", None, np.zeros((0, 4), np.int8))], "0 bytes"),
        ([Product("a", 1, None, "t", None, np.zeros((1, 4), np.int8))], "wrong type"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_product_leaves_no_file(tmp_path: Path, products: list[Product], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        create_shard(tmp_path / "s", META, products)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        create_shard(tmp_path / "s", META, [])
    assert (tmp_path / "s").read_text() == "mine"


HOSTILE = {
    "view": "CREATE VIEW spy AS SELECT * FROM products",
    "trigger": "CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM products; END",
    "index": "CREATE INDEX i ON products(title)",
    "more tables": "CREATE TABLE more(a)",
    "missing table": "DROP TABLE products",
    "other columns": "ALTER TABLE products ADD COLUMN price",
    "other version": "UPDATE meta SET value = '2' WHERE key = 'version'",
    "other format": "UPDATE meta SET value = 'x' WHERE key = 'format'",
    "no space": "DELETE FROM meta WHERE key = 'space'",
    "sequence no number": "UPDATE meta SET value = '-1' WHERE key = 'sequence'",
    "dimension 0": "UPDATE meta SET value = '0' WHERE key = 'dimension'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_opening_refuses_another_schema_or_meta(tmp_path: Path, name: str) -> None:
    create_shard(tmp_path / "s", META, [product("a")])
    execute(tmp_path / "s", HOSTILE[name])
    with pytest.raises(StoreError) as caught:
        open_shard(tmp_path / "s")
    assert str(tmp_path / "s") in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE products SET vectors = x'0102'",
        "UPDATE products SET vectors = x''",
        "UPDATE products SET vectors = 'text'",
        "UPDATE products SET attributes = '[]'",
        "UPDATE products SET attributes = '{'",
        "UPDATE products SET sequence = 99",
        "UPDATE products SET title = x'00ff'",
    ],
)
def test_checking_finds_bad_rows(tmp_path: Path, statement: str) -> None:
    create_shard(tmp_path / "s", META, [product("a")])
    execute(tmp_path / "s", statement)
    with open_shard(tmp_path / "s") as shard, pytest.raises(StoreError):
        shard.check()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_shard_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(StoreError):
        open_shard(tmp_path / "s").check()


def test_a_truncated_or_scribbled_shard_is_an_error_of_ours_at_every_place(tmp_path: Path) -> None:
    create_shard(tmp_path / "whole", META, [product(f"{n:04}") for n in range(200)])
    whole = (tmp_path / "whole").read_bytes()
    for place in range(0, len(whole), 1777):
        scribbled = whole[:place] + b"\xa5" * 64 + whole[place + 64 :]
        for content in (whole[:place], scribbled):
            (tmp_path / "s").write_bytes(content)
            try:
                with open_shard(tmp_path / "s") as shard:
                    shard.check()
                    assert len(shard) == 200
            except StoreError as error:
                assert "\n" not in str(error)


def test_a_category_that_is_no_text_is_found_when_it_is_used(tmp_path: Path) -> None:
    create_shard(tmp_path / "s", META, [product("a")])
    execute(tmp_path / "s", "UPDATE products SET category = x'00ff'")
    with open_shard(tmp_path / "s") as shard, pytest.raises(StoreError, match="a category is no text"):
        shard.categories()


def test_names_with_special_characters_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20 ü.sqlite"
    create_shard(path, META, [product("a")])
    with open_shard(path) as shard:
        assert len(shard) == 1


def delta(
    path: Path, start: int = 3, end: int = 5, space: str = "space", changes: tuple[int, int] = (4, 5)
) -> Path:
    meta = DeltaMeta(space, "hash", 4, start, end)
    create_delta(path, meta, [product("b", changes[0])], [("a", changes[1])])
    return path


def test_a_delta_that_does_not_apply_changes_nothing(tmp_path: Path) -> None:
    create_shard(tmp_path / "s", META, [product("a"), product("c")])
    before = (tmp_path / "s").read_bytes()
    with pytest.raises(StoreError, match="leads from sequence 4, the store is at 3"):
        apply_delta(tmp_path / "s", delta(tmp_path / "gap", start=4, end=6, changes=(5, 6)))
    with pytest.raises(SpaceMismatch, match="its space is 'other'"):
        apply_delta(tmp_path / "s", delta(tmp_path / "space", space="other"))
    with pytest.raises(StoreError, match="row outside its sequences"):
        apply_delta(tmp_path / "s", delta(tmp_path / "outside", changes=(3, 5)))
    execute(delta(tmp_path / "trigger"), "CREATE TRIGGER t AFTER DELETE ON tombstones BEGIN SELECT 1; END")
    with pytest.raises(StoreError, match="trigger"):
        apply_delta(tmp_path / "s", tmp_path / "trigger")
    assert (tmp_path / "s").read_bytes() == before
    assert apply_delta(tmp_path / "s", delta(tmp_path / "good")).sequence == 5
    with open_shard(tmp_path / "s") as shard:
        assert [p.product_id for p in shard] == ["b", "c"]


def test_a_product_cannot_be_changed_and_deleted_at_once(tmp_path: Path) -> None:
    create_delta(tmp_path / "d", DeltaMeta("space", "hash", 4, 3, 5), [product("a", 4)], [("a", 5)])
    with open_delta(tmp_path / "d") as opened, pytest.raises(StoreError, match="both changed and deleted"):
        opened.check()
