"""Lies signed with the right keys, as by a publisher whose machine was taken over; each is refused."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from repository_simulator import PREPROCESSING, SPACE, RepositorySimulator, make_product
from sync_device import DELTA, assert_refused, first_state, second_state

from pocketshelf.errors import SyncError
from pocketshelf.formats.delta import DeltaMeta, create_delta
from pocketshelf.store import rollback_store, verify_store


def test_replayed_delta_on_another_base(shop, device):
    """The changes 10 → 20, truly made once, listed as 60 → 64."""
    _publish_delta(shop, lambda path: _delta(path, 10, 20, [make_product("p1", 15)]))
    assert_refused(device, "from_sequence is '10', the manifest's is '60'", "replayed")


def test_delta_of_another_space(shop, device):
    meta = DeltaMeta("elsewhere", PREPROCESSING, 16, 60, 64)
    _publish_delta(shop, lambda path: create_delta(path, meta, [], []))
    assert_refused(device, "space is 'elsewhere'")


def test_delta_with_rows_outside_its_sequences(shop, device):
    _publish_delta(shop, lambda path: _delta(path, 60, 64, [make_product("p1", 2)]))
    assert_refused(device, "row outside its sequences")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON upserts BEGIN DELETE FROM upserts; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE more(x)",
        "CREATE INDEX i ON upserts(category)",
        "CREATE INDEX i ON upserts(abs(sequence))",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "ALTER TABLE upserts ADD COLUMN g AS (1)",
        "DROP TABLE tombstones; CREATE VIEW tombstones AS SELECT 'p5' AS product_id, 61 AS sequence",
    ],
    ids=[
        "trigger",
        "view",
        "table",
        "index",
        "expression",
        "virtual table",
        "generated column",
        "view as table",
    ],
)
def test_malicious_sqlite_schema(shop, device, sql):
    _publish_delta(shop, lambda path: _sql(_delta(path, 60, 64, [make_product("p1", 62)]), sql))
    assert_refused(device, "refused, the database is not one of this format")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("product_id", b"blob"),
        ("product_id", ""),
        ("sequence", "62"),
        ("sequence", 62.5),
        ("category", 7),
        ("title", b"\xff\xfe"),
        ("image", 1),
        ("attributes", "[1]"),
        ("attributes", "{"),
        ("attributes", '{"x":' + "[" * 900 + "]" * 900 + "}"),
        ("attributes", '{"x":1' + "0" * 400 + "}"),
        ("attributes", '{"x":1e400}'),
        ("attributes", '{"x":"\\ud800"}'),
        ("product_id", "a\x1b[2J"),
        ("category", ""),
        ("title", "x" * 5000),
        ("image", "x" * 5000),
        ("vectors", bytes(33 * 16)),
        ("vectors", b""),
        ("vectors", b"12345"),
        ("vectors", "text of 16 chars"),
    ],
)
def test_malicious_sqlite_value(shop, device, column, value):
    def make(path: Path) -> None:
        _delta(path, 60, 64, [make_product("p1", 62)])
        connection = sqlite3.connect(path)
        # Without declared types SQLite stores any value as it comes; the schema is put back afterwards.
        table = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'upserts'").fetchone()[0]
        names = "product_id, sequence, category, title, image, attributes, vectors"
        row = list(connection.execute(f"SELECT {names} FROM upserts").fetchone())
        row[names.split(", ").index(column)] = value
        loose = f"CREATE TABLE upserts({names}, PRIMARY KEY(product_id)) WITHOUT ROWID"
        connection.executescript(f"DROP TABLE upserts; {loose}")
        connection.execute("INSERT INTO upserts VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'upserts'", (table,))
        connection.commit()
        connection.close()

    _publish_delta(shop, make)
    assert_refused(device, "refused, the database")  # By SQLite's own check, or by ours.


def test_malicious_sqlite_text_that_is_not_utf8(shop, device):
    def make(path: Path) -> None:
        _delta(path, 60, 64, [make_product("p1", 62)])
        _sql(path, "UPDATE upserts SET title = CAST(x'fffe41' AS TEXT)")

    _publish_delta(shop, make)
    with pytest.raises(SyncError):
        device.sync()
    assert device.sequence() == 60


def test_malicious_sqlite_oversized_value(shop, device):
    huge = 5_000_000
    _publish_delta(
        shop,
        lambda path: _sql(
            _delta(path, 60, 64, [make_product("p1", 62)]),
            f"UPDATE upserts SET title = printf('%.{huge}c', 'x')",
        ),
    )
    assert_refused(device, "refused, the database")


def test_malicious_sqlite_oversized_file(shop, device):
    device.limit(unpacked_bytes=10_000)
    assert_refused(device, "would unpack to", "10000 allowed")


def test_malicious_sqlite_write_ahead_log(shop, device):
    _publish_delta(shop, lambda path: _sql(_delta(path, 60, 64, []), "PRAGMA journal_mode = WAL"))
    assert_refused(device, "needs a write-ahead log")


@pytest.mark.parametrize("offset", [16, 28, 56, 100, 105, 4096, 4104, 8192, 12288, 12296])
def test_malicious_sqlite_bytes(shop, device, offset):
    """Header, b-tree headers and cell pointers that lie."""

    def make(path: Path) -> None:
        _delta(path, 60, 64, [make_product(f"p{i}", 62) for i in range(1, 40)])
        data = bytearray(path.read_bytes())
        data[offset : offset + 4] = b"\xff\xff\xff\xff"
        path.write_bytes(data)

    _publish_delta(shop, make)
    assert_refused(device, "refused, the database is not one of this format")


def test_malicious_sqlite_random_bytes(shop, device):
    """Whatever bytes are flipped: refused, or a store that verifies."""
    random = np.random.default_rng(0)
    good = _delta(
        shop.folder / "good.sqlite", 60, 64, [make_product(f"p{i}", 62) for i in range(1, 40)]
    ).read_bytes()
    outcomes = set()
    for _ in range(15):
        data = np.frombuffer(good, dtype=np.uint8).copy()
        data[random.integers(0, len(data), 8)] = random.integers(0, 256, 8)
        _publish_delta(shop, lambda path, data=data: path.write_bytes(data.tobytes()))
        try:
            outcomes.add(device.sync().outcome)
            rollback_store(device.path)
            (device.path / "rolled-back").unlink()  # As if it had never been.
        except SyncError:
            outcomes.add("refused")
        assert verify_store(device.path).ok
    assert "refused" in outcomes


def test_malicious_snapshot(shop, fresh_device):
    device = fresh_device(shop)
    path = shop.folder / "bad.sqlite"
    path.write_bytes(shop._snapshot_file(first_state(), 60))
    _sql(path, "CREATE TRIGGER t AFTER INSERT ON products BEGIN DELETE FROM products; END")
    shop.add_target("all/snapshot-60.sqlite.gz", gzip.compress(path.read_bytes(), mtime=0), path.read_bytes())
    shop.sign_all()
    with pytest.raises(SyncError, match="refused, the database is not one of this format"):
        device.sync()
    assert not (device.path / "current").exists()


def test_not_a_database(shop, device):
    _publish_delta(shop, lambda path: path.write_bytes(b"no database" * 1000))
    assert_refused(device, "not a SQLite file")


def test_zip_bomb(shop, device):
    """10 kB that unpack to 10 MB, signed as if they unpacked to 40,960 bytes."""
    bomb = gzip.compress(bytes(10_000_000), mtime=0)
    assert len(bomb) < 20_000
    shop.add_target(DELTA, bomb, bytes(40_960), {"from_sequence": 60, "sequence": 64})
    _resign_manifest(shop)
    assert_refused(device, "zip bomb")


def test_zip_bomb_that_is_signed_as_such(shop, device):
    device.limit(unpacked_bytes=1_000_000)
    bomb = bytes(10_000_000)
    shop.add_target(DELTA, gzip.compress(bomb, mtime=0), bomb, {"from_sequence": 60, "sequence": 64})
    _resign_manifest(shop)
    assert_refused(device, "would unpack to 10000000 bytes")


@pytest.mark.parametrize("tail", [b"rubbish", gzip.compress(b"a second member", mtime=0)])
def test_gzip_with_something_behind(shop, device, tail):
    plain = shop._delta_file(first_state(), second_state(), 60, 64)
    shop.add_target(DELTA, gzip.compress(plain, mtime=0) + tail, plain, {"from_sequence": 60, "sequence": 64})
    _resign_manifest(shop)
    assert_refused(device, "more than one gzip member")


def test_zlib_instead_of_gzip(shop, device):
    plain = shop._delta_file(first_state(), second_state(), 60, 64)
    shop.add_target(DELTA, zlib.compress(plain), plain, {"from_sequence": 60, "sequence": 64})
    _resign_manifest(shop)
    assert_refused(device, "not a gzip file")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "else"},
        {"version": 2},
        {"sequence": "64"},
        {"sequence": -1},
        {"deltas": {}},
        {"snapshot": {"target": "../../etc/passwd", "length": 1}},
        {"categories": {"Apple": {"local": -1, "catalogue": 0}}},
        {"shard": "other"},
    ],
)
def test_lying_manifest(shop, device, change):
    document = shop.manifest(second_state(), 64, {"all/snapshot-64.sqlite.gz": 1}, [])
    shop.add_manifest({**document, "sequence": 64})
    data = json.dumps({**document, **change}).encode()
    shop.add_target("all/manifest.json", data, data)
    shop.sign_all()
    assert_refused(device, "manifest")


def _publish_delta(shop: RepositorySimulator, make: Callable[[Path], object]) -> None:
    """Sign what ``make`` writes as the changes 60 → 64."""
    path = shop.folder / "bad.sqlite"
    path.unlink(missing_ok=True)
    make(path)
    plain = path.read_bytes()
    shop.add_target(DELTA, gzip.compress(plain, mtime=0), plain, {"from_sequence": 60, "sequence": 64})
    _resign_manifest(shop)


def _resign_manifest(shop: RepositorySimulator) -> None:
    """The changes are always the shorter way in these manifests."""
    length = shop.targets.targets[DELTA].length
    lengths = {DELTA: length, "all/snapshot-64.sqlite.gz": length + 1}
    shop.add_manifest(shop.manifest(second_state(), 64, lengths, [(60, DELTA)]))
    shop.sign_all()


def _delta(path: Path, base: int, to: int, upserts: list) -> Path:
    create_delta(path, DeltaMeta(SPACE, PREPROCESSING, 16, base, to), upserts, [])
    return path


def _sql(path: Path, sql: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    return path
