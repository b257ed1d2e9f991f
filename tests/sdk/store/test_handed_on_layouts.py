"""A changed shelf's layout is made of the one before: the same bytes, and the first to open it finds it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats import Product, ShardMeta
from pocketshelf.formats.derived import LAYOUT, DerivedFile
from pocketshelf.formats.layout import Layout, derive_layout
from pocketshelf.formats.shard import Shard, open_shard
from pocketshelf.store import Store, StoreFolder, change_store, layouts
from pocketshelf.store.digest import recorded_digests
from pocketshelf.store.layouts import map_file

COUNT, DIMENSION = 4000, 32


def product(number: int, title: str = "a title") -> Product:
    vectors = np.random.default_rng(number).integers(-127, 127, (1, DIMENSION), np.int8)
    return Product(f"{number:05}", 1, f"category {number % 5}", title, None, vectors, {})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Opened once, so that its layout lies beside it."""
    path = tmp_path / "store"
    Store.create(path, ShardMeta("s", "p", "b", 1, DIMENSION), map(product, range(COUNT))).close()
    assert len(searched(path)) == COUNT
    return path


def searched(path: Path) -> dict[str, bytes]:
    """Each product's first vector, as a search reads it: by the layout."""
    ids = [f"{number:05}" for number in range(COUNT + 1)]
    with Store.open(path) as opened:
        return {name: vector.tobytes() for name, vector in opened.first_pictures(ids).items()}


def layout_file(path: Path) -> DerivedFile:
    folder = StoreFolder(path)
    name = folder.require_current()
    digest = recorded_digests(folder, name)[folder.shard(name).name]
    return DerivedFile.of_shard(folder.index(name), digest, LAYOUT)


def read(path: Path) -> bytes:
    found = layout_file(path).read(1 << 22)
    assert found is not None
    return bytes(found)


def derived(path: Path) -> bytes:
    folder = StoreFolder(path)
    with open_shard(folder.shard(folder.require_current())) as shard:
        return derive_layout(shard, map_file(shard.path)).to_bytes()


@pytest.fixture
def derivations(store: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of products of layouts that were derived from a shard, from when ``store`` is made on."""
    counts: list[int] = []

    def counted(shard: Shard, data: np.ndarray) -> Layout:
        counts.append(len(shard))
        return derive_layout(shard, data)

    monkeypatch.setattr(layouts, "derive_layout", counted)
    return counts


def test_a_change_leaves_the_layout_that_would_be_derived(store: Path, derivations: list[int]) -> None:
    change_store(store, [product(7, "renamed"), product(COUNT)], ["00011"])
    there = searched(store)
    assert not derivations and read(store) == derived(store)
    assert len(there) == COUNT and "00011" not in there
    assert there[f"{COUNT:05}"] == product(COUNT).vectors[0].tobytes()
    assert there["00012"] == product(12).vectors[0].tobytes()


@pytest.mark.parametrize("amiss", ["cut short", "gone"])
def test_a_layout_that_is_unfit_is_not_handed_on(store: Path, derivations: list[int], amiss: str) -> None:
    file = layout_file(store).path
    if amiss == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-40])
    change_store(store, [product(7, "renamed")], ["00011"])
    assert len(searched(store)) == COUNT - 1
    assert derivations == [COUNT - 1], "once: it is kept"
    assert read(store) == derived(store)


def test_a_shelf_of_which_most_has_changed_is_laid_out_anew(store: Path, derivations: list[int]) -> None:
    change_store(store, [product(number, "renamed") for number in range(COUNT)])
    assert len(searched(store)) == COUNT and derivations == [COUNT]
    assert read(store) == derived(store)
