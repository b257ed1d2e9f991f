"""Changing some products of a store: the same as writing it anew, and as safe."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fault_injection import Crash, DyingFileSystem, FullFileSystem
from pocketshelf.errors import StoreError
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.store import Store, StoreFolder, change_store, features, verify_store


def product(number: int, title: str = "t") -> Product:
    return Product(
        f"{number:03}", 1, f"c{number % 3}", title, None, np.full((2, 4), number, np.int8), {"a": 1}
    )


def made(path: Path, count: int = 20) -> Path:
    Store.create(path, ShardMeta("s", "p", "b", 7, 4), [product(n) for n in range(count)]).close()
    return path


def contents(path: Path) -> dict[str, tuple]:
    with Store.open(path) as store:
        return {p.product_id: (p.title, p.category, p.vectors.tobytes(), p.attributes) for p in store.shard}


def changed(path: Path, **more: object) -> str:
    upserts = [product(2, "new"), product(99, "added")]
    return change_store(path, upserts, ["003", "004", "unknown"], **more)  # type: ignore[arg-type]


def test_some_are_replaced_added_and_gone_and_the_others_as_they_were(tmp_path: Path) -> None:
    store = made(tmp_path / "s")
    before = contents(store)
    assert changed(store) == "00000002"
    after = contents(store)
    wanted = {name: row for name, row in before.items() if name not in ("002", "003", "004")}
    assert {name: after[name] for name in wanted} == wanted
    assert after.keys() - wanted.keys() == {"002", "099"} and after["002"][0] == "new"
    with Store.open(store) as opened:
        sequences = {p.product_id: p.sequence for p in opened.shard}
        assert opened.meta == ShardMeta("s", "p", "b", 8, 4)
    assert (sequences["001"], sequences["002"], sequences["099"]) == (1, 8, 8)
    assert verify_store(store).ok and StoreFolder(store).previous() == "00000001"
    assert sorted(p.name for p in StoreFolder(store).generation("00000002").iterdir()) == [
        "index",
        "shard.sha256",
        "shard.sqlite",
    ]


def test_a_change_of_nothing_is_a_generation_with_the_same_products(tmp_path: Path) -> None:
    store = made(tmp_path / "s")
    before = contents(store)
    change_store(store, [])
    assert contents(store) == before and verify_store(store).sequence == 8


@pytest.mark.parametrize(
    ("upserts", "gone", "what"),
    [
        ([product(2)], ["002"], "is to be changed and deleted"),
        ([product(2), product(2)], [], "a product id comes twice"),
        ([replace(product(2), vectors=np.ones((1, 5), np.int8))], [], "002"),
        ([replace(product(2), category="")], [], "category"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(
    tmp_path: Path, upserts: list[Product], gone: list[str], what: str
) -> None:
    store = made(tmp_path / "s")
    with pytest.raises(StoreError, match=what):
        change_store(store, upserts, gone)
    assert verify_store(store).sequence == 7
    assert list((store / "generations").glob(".new-*")) == []


def test_a_store_that_is_missing_or_damaged_is_not_changed(tmp_path: Path) -> None:
    """A damaged shard must not get a digest that fits it."""
    with pytest.raises(StoreError, match="no store here"):
        changed(tmp_path / "none")
    store = made(tmp_path / "s")
    shard = StoreFolder(store).shard("00000001")
    shard.write_bytes(shard.read_bytes().replace(b"t", b"u"))
    with pytest.raises(StoreError, match="not the bytes that were written"):
        changed(store)
    assert StoreFolder(store).generations() == ["00000001"]


def test_a_full_disk_at_any_operation_leaves_the_store_whole(tmp_path: Path) -> None:
    store = made(tmp_path / "s")
    before = contents(store)
    for room in range(100):
        try:
            changed(store, files=FullFileSystem(room))
        except StoreError as error:
            assert "the store is as it was" in str(error) or "whole" in str(error)
            if StoreFolder(store).current() == "00000001":
                assert contents(store) == before and verify_store(store).ok
        else:
            break
    assert 3 < room < 99 and verify_store(store).ok and "099" in contents(store)


@pytest.mark.parametrize("power", [False, True])
def test_killed_at_every_operation_it_is_wholly_old_or_wholly_new(tmp_path: Path, power: bool) -> None:
    source = made(tmp_path / "source")
    old, chance = contents(source), random.Random(3)
    shutil.copytree(source, tmp_path / "new")
    changed(tmp_path / "new")
    new = contents(tmp_path / "new")
    for number in range(100):
        store = tmp_path / f"s{number}"
        shutil.copytree(source, store)
        disk = DyingFileSystem(store, number)
        try:
            changed(store, files=disk)
        except Crash:
            if power:
                disk.fail_power(chance)
            assert contents(store) in (old, new), disk.names[-1]
            assert verify_store(store).ok
            changed(store)
            assert contents(store) == new
        else:
            break
    assert 8 < number < 99


def test_where_there_are_no_local_features_no_product_is_looked_at_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which took more than half of a change."""
    monkeypatch.setattr(features, "row_numbers", lambda _: pytest.fail("rows were read"))
    changed(made(tmp_path / "s"))
