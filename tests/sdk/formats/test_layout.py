"""Layouts: every picture is where it is said to be, whatever SQLite did with its row."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketshelf.errors import StoreError
from pocketshelf.formats import DeltaMeta, Product, Shard, ShardMeta
from pocketshelf.formats import layout as layouts
from pocketshelf.formats.delta import apply_delta, create_delta
from pocketshelf.formats.layout import Layout, derive_layout
from pocketshelf.formats.shard import create_shard, open_shard
from pocketshelf.formats.sqlite_pages import locate_rows

FORMS = st.tuples(
    st.integers(1, 300),  # products
    st.sampled_from([1, 3, 16, 128, 500, 1280, 5000]),  # numbers a vector
    st.sampled_from([1, 2, 5, 32]),  # most pictures
    st.sampled_from([0, 40, 3000, 9000]),  # most characters of attributes
    st.integers(0, 2**32 - 1),
)


def made(chance: random.Random, count: int, dimension: int, pictures: int, text: int, sequence: int = 1):
    numbers = np.random.default_rng(chance.randrange(2**32))
    names = [
        f"Röcke {n}" if n % 2 else "x" * chance.choice([1, 200, 4000]) for n in range(chance.randint(1, 9))
    ]
    return [
        Product(
            f"{number:05}" + "i" * chance.choice([0, 0, 0, 900]),
            sequence,
            chance.choice(names),
            "t" * chance.randint(0, 60),
            None,
            numbers.integers(-127, 128, (chance.randint(1, pictures), dimension)).astype(np.int8),
            {"text": "a" * chance.randint(0, text)} if text else {},
        )
        for number in chance.sample(range(10 * count), count)
    ]


def data_of(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), np.uint8)


def contents(layout: Layout, data: np.ndarray) -> list[tuple[str, int, bytes]]:
    """(category, row, vectors) of all products, in the layout's order."""
    found = []
    for category, (first, last) in layout.spans.items():
        for product in range(first, last):
            begin, end = int(layout.starts[product]), int(layout.starts[product + 1])
            out = np.empty((end - begin, layout.dimension), np.int8)
            layout.gather(data, begin, end, out)
            found.append((category, int(layout.rowids[product]), out.tobytes()))
    return found


def wanted(shard: Shard) -> list[tuple[str, int, bytes]]:
    return sorted(shard.query("SELECT category, rowid, vectors FROM products"))


def check(path: Path) -> Layout:
    with open_shard(path) as shard:
        data = data_of(path)
        layout = derive_layout(shard, data)
        assert contents(layout, data) == wanted(shard)
        assert layout.counts == shard.categories()
        again = Layout.from_bytes(layout.to_bytes(), layout.dimension, len(data))
        assert contents(again, data) == wanted(shard)
        by_sql = layouts._layout_by_sql(shard, len(data))
        assert contents(by_sql, data) == wanted(shard) and by_sql.counts == layout.counts
        assert layout.sample.tolist() == by_sql.sample.tolist()
    return layout


@settings(max_examples=40, deadline=None)
@given(form=FORMS)
def test_every_picture_of_any_shard_is_found(form, tmp_path_factory) -> None:
    *sizes, seed = form
    path = tmp_path_factory.mktemp("shards") / "s.sqlite"
    create_shard(path, ShardMeta("s", "p", "b", 1, sizes[1]), made(random.Random(seed), *sizes))
    check(path)


@settings(max_examples=15, deadline=None)
@given(form=FORMS)
def test_every_picture_is_found_after_any_number_of_deltas(form, tmp_path_factory) -> None:
    count, dimension, pictures, text, seed = form
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("shards")
    rows = made(chance, count, dimension, pictures, text)
    create_shard(folder / "s.sqlite", ShardMeta("s", "p", "b", 1, dimension), rows)
    for number in (1, 2, 3):
        upserts = made(chance, max(1, count // 3), dimension, pictures, text, number + 1)
        kept = {product.product_id for product in upserts}
        gone = [p.product_id for p in rows if p.product_id not in kept and chance.random() < 0.3]
        meta = DeltaMeta("s", "p", dimension, number, number + 1)
        create_delta(folder / f"{number}", meta, upserts, [(name, number + 1) for name in gone])
        apply_delta(folder / "s.sqlite", folder / f"{number}")
        check(folder / "s.sqlite")


def shard_of(path: Path, count: int = 400, dimension: int = 16) -> Path:
    rows = made(random.Random(3), count, dimension, 3, 40)
    create_shard(path, ShardMeta("s", "p", "b", 1, dimension), rows)
    return path


def test_vectors_are_taken_from_the_shard_and_not_kept_twice(tmp_path: Path) -> None:
    rows = [
        Product(f"{n:05}", 1, "c", f"Product {n}", None, np.full((1, 128), n % 100, np.int8))
        for n in range(2000)
    ]
    create_shard(tmp_path / "s", ShardMeta("s", "p", "b", 1, 128), rows)
    assert len(check(tmp_path / "s").to_bytes()) < 13 * 2000  # Of 256 * 2000.


def test_a_shard_that_is_empty_has_an_empty_layout(tmp_path: Path) -> None:
    create_shard(tmp_path / "s", ShardMeta("s", "p", "b", 1, 16), [])
    assert check(tmp_path / "s").spans == {}


@pytest.mark.parametrize(
    "pragma", ["page_size = 512", "page_size = 65536", "encoding = 'UTF-16le'", "auto_vacuum = FULL"]
)
def test_what_another_sqlite_would_write_is_read_all_the_same(tmp_path: Path, pragma: str) -> None:
    path = tmp_path / "other"
    with sqlite3.connect(shard_of(tmp_path / "s")) as source, sqlite3.connect(path) as other:
        other.execute(f"PRAGMA {pragma}")
        for (statement,) in source.execute("SELECT sql FROM sqlite_master WHERE sql NOTNULL").fetchall():
            other.execute(statement)
        other.executemany("INSERT INTO meta VALUES (?, ?)", source.execute("SELECT * FROM meta"))
        rows = source.execute("SELECT * FROM products")
        other.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    other.close()
    check(path)


def test_rows_whose_numbers_are_negative_or_very_large_are_found(tmp_path: Path) -> None:
    path = shard_of(tmp_path / "s", 50)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE products SET rowid = -rowid WHERE rowid % 2")
        connection.execute("UPDATE products SET rowid = rowid + 9000000000000000000 WHERE rowid > 20")
    connection.close()
    check(path)


@pytest.mark.parametrize(
    "change", ["category = x'00ff'", "vectors = x'01'", "vectors = x''", "vectors = 'text'"]
)
def test_a_bad_row_is_named(tmp_path: Path, change: str) -> None:
    path = shard_of(tmp_path / "s")
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE products SET {change} WHERE rowid = 200")
    connection.close()
    with open_shard(path) as shard, pytest.raises(StoreError, match="sync or build it again"):
        derive_layout(shard, data_of(path))


def test_damage_anywhere_neither_crashes_nor_leads_out_of_the_file(tmp_path: Path) -> None:
    """A digest finds it before; this is what stands behind it."""
    path = shard_of(tmp_path / "s")
    whole, chance = path.read_bytes(), random.Random(11)
    found = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 3, 40])):
            damaged[chance.randrange(100, len(whole))] = chance.randrange(256)
        data = np.frombuffer(bytes(damaged), np.uint8)
        try:
            rows = locate_rows(data, 4, 7)
        except ValueError:
            continue
        found += 1
        inside = rows.places(np.arange(len(rows)), rows.begins[6], rows.sizes[6])
        assert (inside + rows.sizes[6] <= len(data)).all()
    assert found > 10


def test_bytes_that_are_no_layout_are_refused(tmp_path: Path) -> None:
    layout = check(shard_of(tmp_path / "s"))
    whole, chance = layout.to_bytes(), random.Random(5)
    Layout.from_bytes(whole, layout.dimension, layout.size)
    for other in ((layout.dimension + 1, layout.size), (layout.dimension, layout.size + 4096)):
        with pytest.raises(ValueError, match="of another shard"):
            Layout.from_bytes(whole, *other)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.3:
            damaged = damaged[: chance.randrange(len(whole))]
        try:
            found = Layout.from_bytes(damaged, layout.dimension, layout.size)
        except (ValueError, KeyError, TypeError, AttributeError):
            refused += 1
            continue
        contents(found, np.zeros(layout.size, np.uint8))  # Leads nowhere else.
    assert refused > 60


def test_the_walk_is_what_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the copies by SQL, which would be right as well, and as large as the shard."""
    monkeypatch.setattr(layouts, "_layout_by_sql", lambda *_: pytest.fail("read by SQL"))
    path = tmp_path / "s"
    rows = [Product(str(n), 1, f"c{n % 3}", "", None, np.ones((4, 128), np.int8)) for n in range(900)]
    create_shard(path, ShardMeta("s", "p", "b", 1, 128), rows)
    with open_shard(path) as shard:
        layout = derive_layout(shard, data_of(path))
    assert len(layout.strays) == 0
