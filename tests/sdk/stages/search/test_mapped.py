"""A store's answers out of its mapped shard are those that its rows give, read one by one."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_damaged_graphs import DAMAGE, its_folder_a_file, its_folder_a_link

from pocketshelf.errors import StoreError
from pocketshelf.formats import Product, ShardMeta, create_shard, quantize_vectors
from pocketshelf.formats import derived as derived_files
from pocketshelf.recall import Neighbourhood
from pocketshelf.stages.search import StoreSearcher, derive_indexes
from pocketshelf.stages.search.facts import derive_facts
from pocketshelf.stages.where import Where, fits
from pocketshelf.store import Store, StoreWriter, change_store, verify_store
from pocketshelf.store import layouts as kept_layouts

D = 32
META = ShardMeta("space", "hash", "bundle", 1, D)
Found = list[tuple[str, float]]


def made(count: int, seed: int = 1, pictures: int = 3, alike: bool = False) -> list[Product]:
    """Products in categories of very different sizes; ``alike``: many with the same vectors."""
    numbers, chance = np.random.default_rng(seed), random.Random(seed)
    kinds = quantize_vectors(numbers.normal(size=(max(2, count // 20), D)))
    rows = []
    for n in range(count):
        vectors = quantize_vectors(numbers.normal(size=(chance.randint(1, pictures), D)))
        if alike:
            vectors[0] = kinds[chance.randrange(len(kinds))]
        attributes = {
            "colour": chance.choice(["Red", "BLUE", "grün", ["Red", "White"], None]),
            "size": chance.choice([38, 40.0, "40", 41.5, True]),
            "sku": f"S{n}",
        }
        category = f"c{int(chance.paretovariate(0.7)) % 12:02}"
        rows.append(Product(f"{n * 37 % 10007:05}", 1, category, f"t{n}", None, vectors, attributes))
    return rows


def answers_of_before(rows: list[Product], query: np.ndarray, names: list[str], k: int) -> Found:
    """The scan as it was when every row was read: candidates by int8 cosines, rescored, ranked by ids."""
    chosen = sorted((p for p in rows if p.category in names), key=lambda p: (p.category, p.product_id))
    if not chosen:
        return []
    rounded = quantize_vectors(query).astype(np.int64)
    unit = [
        p.vectors.astype(np.int64) @ rounded / np.linalg.norm(p.vectors.astype(np.float32), axis=1)
        for p in chosen
    ]
    near = np.array([cosines.max() for cosines in unit])
    spare = min(16 * len({p.category for p in chosen}), 128)
    wanted = min(k + spare, len(near))
    found = []
    for place in np.flatnonzero(near >= np.sort(near)[-wanted] - 1e-9):
        vectors = chosen[place].vectors.astype(np.float64)
        wide = query.astype(np.float64)
        cosines = vectors @ wide / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(wide))
        found.append((chosen[place].product_id, float(np.float32(cosines.max()))))
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]


def same(found: list, wanted: Found) -> None:
    assert [name for name, _ in found] == [name for name, _ in wanted]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in wanted], rtol=0, atol=3e-7)


def queries(rows: list[Product], count: int = 8) -> list[np.ndarray]:
    numbers = np.random.default_rng(9)
    near = [rows[n * 7 % len(rows)].vectors[0] / 60 + numbers.normal(size=D) * 0.4 for n in range(count)]
    return [query.astype(np.float32) for query in near]


def check(store: Store, rows: list[Product]) -> None:
    """All categories, one, some, absent ones; few and many hits."""
    searcher, names = StoreSearcher(store), list(store.categories())
    assert names == sorted({p.category for p in rows}) and len(store) == len(rows)
    for number, query in enumerate(queries(rows)):
        for chosen in (names, names[number % len(names) :][:1], [*names[::-2], "none"], ["none"], []):
            for k in (1, 10, 500):
                same(searcher.search(query, chosen, k), answers_of_before(rows, query, chosen, k))


@pytest.mark.parametrize("numkong", [True, False])
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(("count", "pictures"), [(1, 1), (40, 4), (700, 1), (700, 3)])
def test_mapped_answers_are_the_answers_of_before(
    tmp_path: Path,
    count: int,
    pictures: int,
    alike: bool,
    numkong: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not numkong:
        monkeypatch.setitem(sys.modules, "numkong", None)
    rows = made(count, 2, pictures, alike)
    with Store.create(tmp_path / "s", META, rows) as store:
        check(store, rows)
    with Store.open(tmp_path / "s") as again:
        check(again, rows)


def test_they_are_after_changes_too(tmp_path: Path) -> None:
    rows = {p.product_id: p for p in made(500, 3, alike=True)}
    Store.create(tmp_path / "s", META, rows.values()).close()
    chance = random.Random(4)
    for number in range(4):
        fresh = [replace(p, sequence=0) for p in made(60, 50 + number)]
        gone = [name for name in chance.sample(sorted(rows), 40) if name not in {p.product_id for p in fresh}]
        change_store(tmp_path / "s", fresh, gone)
        rows = {name: p for name, p in rows.items() if name not in gone} | {p.product_id: p for p in fresh}
        with Store.open(tmp_path / "s") as store:
            assert store.meta.sequence == number + 2
            check(store, list(rows.values()))


WISHES: list[Where] = [
    {"colour": ["red"]},
    {"colour": ["RED", "blue"], "size": ["40"]},
    {"size": ["true"]},
    {"size": ["41.5", "38"], "colour": ["GRÜN"]},
    {"sku": ["s17"]},
    {"sku": []},
    {"brand": ["none has it"]},
    {},
]


@pytest.mark.parametrize("limit", [1, 10_000])
def test_a_filter_within_the_scan_finds_what_a_look_at_every_hit_finds(tmp_path: Path, limit: int) -> None:
    """In categories with a graph, too, where what fits is scanned."""
    rows = made(600, 5)
    stated = {p.product_id: p.attributes for p in rows}
    with Store.create(tmp_path / "s", META, rows) as store:
        searcher, names = StoreSearcher(store, exact_limit=limit), list(store.categories())
        for query in queries(rows, 3):
            for where in WISHES:
                every = answers_of_before(rows, query, names, len(rows))
                wanted = [hit for hit in every if fits(stated[hit[0]], where)]
                same(searcher.search_where(query, names, 10, where), wanted[:10])
                part = [
                    hit for hit in wanted if hit[0] in {p.product_id for p in rows if p.category == names[0]}
                ]
                same(searcher.search_where(query, names[:1], 5, where), part[:5])


def files_of(store: Path) -> list[Path]:
    return sorted(store.glob("generations/*/index/*"))


def full_store(path: Path) -> tuple[Path, list[Product]]:
    """With everything that is derived: layout, facts, and graphs of all categories."""
    rows = made(300, 6)
    with StoreWriter.open(path) as writer, writer.staged() as staging:
        create_shard(staging / "shard.sqlite", META, rows)
        assert derive_indexes(staging, exact_limit=1) == sorted({p.category for p in rows})
        writer.publish(staging)
    assert {file.suffix for file in files_of(path)} == {".layout", ".facts", ".usearch"}
    return path, rows


def assert_right(path: Path, rows: list[Product]) -> None:
    query, where = queries(rows, 1)[0], {"colour": ["red"]}
    with Store.open(path) as store:
        names, searcher = list(store.categories()), StoreSearcher(store)
        same(searcher.search(query, names, 10), answers_of_before(rows, query, names, 10))
        fitting = [p for p in rows if fits(p.attributes, where)]
        same(searcher.search_where(query, names, 10, where), answers_of_before(fitting, query, names, 10))


@pytest.mark.parametrize("kind", ["layout", "facts"])
@pytest.mark.parametrize("damage", [*DAMAGE, its_folder_a_file, its_folder_a_link])
def test_what_stands_in_a_derived_file_s_place_is_replaced(
    tmp_path: Path, damage: Callable[[Path], None], kind: str
) -> None:
    store, rows = full_store(tmp_path / "s")
    (file,) = store.glob(f"generations/*/index/*.{kind}")
    damage(file)
    assert_right(store, rows)
    assert file.is_file() and not file.is_symlink() and not file.parent.is_symlink()
    assert verify_store(store).ok


@pytest.mark.parametrize("kind", ["layout", "facts"])
def test_a_flipped_bit_is_named_by_verify_and_healed_by_a_search(tmp_path: Path, kind: str) -> None:
    store, rows = full_store(tmp_path / "s")
    (file,) = store.glob(f"generations/*/index/*.{kind}")
    whole, chance = file.read_bytes(), random.Random(8)
    for _ in range(20):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        (problem,) = verify_store(store).problems
        assert str(file) in problem and "a search makes it again" in problem
        assert_right(store, rows)
        assert file.read_bytes() == whole


@pytest.mark.parametrize("kind", ["layout", "facts"])
def test_another_store_s_derived_file_is_not_used(tmp_path: Path, kind: str) -> None:
    """Sound, and of as many rows: only the shard's digest tells."""
    (store, rows), (other, _) = full_store(tmp_path / "s"), full_store(tmp_path / "o")
    change_store(other, [replace(rows[0], vectors=-rows[0].vectors)])
    with Store.open(other) as opened:
        StoreSearcher(opened).search_where(queries(rows, 1)[0], ["c00"], 1, {"size": ["40"]})
    (foreign,) = other.glob(f"generations/00000002/index/*.{kind}")
    (file,) = store.glob(f"generations/*/index/*.{kind}")
    shutil.copyfile(foreign, file)
    assert not verify_store(store).ok
    assert_right(store, rows)
    assert verify_store(store).ok


def test_a_forged_layout_leads_nowhere_else(tmp_path: Path) -> None:
    """Its digests fit, as whoever may write there can make them; its offsets lead out of the shard."""
    store, rows = full_store(tmp_path / "s")
    with Store.open(store) as opened:
        layout, digest, folder = opened.layout, opened.digest, opened.folder.index(opened.generation)
        forged = replace(layout, offsets=layout.offsets.astype(np.int64) + layout.size - 100)
        derived_files.DerivedFile.of_shard(folder, digest, derived_files.LAYOUT).write(forged.to_bytes())
    assert_right(store, rows)


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_where_nothing_can_be_written_a_store_is_searched_all_the_same(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rows = full_store(tmp_path / "s")
    shutil.rmtree(files_of(store)[0].parent)

    def refused(self: object, data: bytes) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(derived_files.DerivedFile, "write", refused)
    assert_right(store, rows)
    assert files_of(store) == []
    # And written: a full disk may take the shard and not what is derived from it.
    change_store(store, [], [rows[0].product_id])
    assert_right(store, rows[1:])
    assert files_of(store) == []


def test_a_writer_killed_while_it_derives_leaves_nothing_that_is_searched(tmp_path: Path) -> None:
    store, rows = full_store(tmp_path / "s")
    for file in files_of(store):
        file.rename(file.with_name(f".{file.name}.123-456.new"))
        file.with_name(f".{file.name}.123-456.new").write_bytes(b"pocketshelf-derived 1 half")
    assert_right(store, rows)
    assert verify_store(store).ok


def test_several_processes_that_open_a_bare_store_at_once_all_answer(tmp_path: Path) -> None:
    store, _ = full_store(tmp_path / "s")
    shutil.rmtree(files_of(store)[0].parent)
    script = f"""
from pathlib import Path
from test_mapped import assert_right, made
for _ in range(5):
    assert_right(Path({str(store)!r}), made(300, 6))
"""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]])
    started = [
        subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path})
        for _ in range(4)
    ]
    assert [process.wait() for process in started] == [0] * 4
    assert verify_store(store).ok and {f.suffix for f in files_of(store)} == {".layout", ".facts"}


def test_a_shard_that_changes_after_it_was_looked_at_changes_no_answer(tmp_path: Path) -> None:
    """What is scanned is a copy; ids and titles come from SQLite, which is asked anew."""
    store, rows = full_store(tmp_path / "s")
    (shard,) = store.glob("generations/*/shard.sqlite")
    query = queries(rows, 1)[0]
    with Store.open(store) as opened:
        searcher, names = StoreSearcher(opened), list(opened.categories())
        wanted = searcher.search(query, names, 10)
        whole = shard.read_bytes()
        for vectors in {p.vectors.tobytes() for p in rows}:
            whole = whole.replace(vectors, bytes(len(vectors)))
        with shard.open("r+b") as stream:
            stream.write(whole)
        assert searcher.search(query, names, 10) == wanted


def test_an_open_store_is_searched_after_its_generation_was_removed(tmp_path: Path) -> None:
    """Before its first search: nothing of it has been looked at then."""
    store, rows = full_store(tmp_path / "s")
    query = queries(rows, 1)[0]
    with Store.open(store) as opened:
        names = list(opened.categories())
        for _ in range(3):
            change_store(store, [], [rows[0].product_id])
        assert not opened.folder.generation(opened.generation).exists()
        same(StoreSearcher(opened).search(query, names, 10), answers_of_before(rows, query, names, 10))


def test_an_opened_store_reads_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout is there from the writing of the store; a search asks SQLite for the hits' ids alone."""
    rows = made(400, 7)
    Store.create(tmp_path / "s", META, rows).close()
    monkeypatch.setattr(kept_layouts, "derive_layout", lambda *_: pytest.fail("derived anew"))
    with Store.open(tmp_path / "s") as store:
        said: list[str] = []
        store.shard.connection.set_trace_callback(said.append)
        StoreSearcher(store).search(queries(rows, 1)[0], list(store.categories()), 10)
    assert len(said) == 1 and "rowid IN" in said[0]


def test_attributes_that_are_none_are_named(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s", META, made(5)) as store:
        layout = store.layout

        class Bad:
            """A shard whose attributes are a list."""

            path = tmp_path

            def query(self, sql: str) -> list[tuple[int, str]]:
                return [(1, "[1]")]

        with pytest.raises(StoreError, match="sync or build it again"):
            derive_facts(Bad(), layout)  # type: ignore[arg-type]


def test_a_shelf_s_statistics_are_of_the_same_products_mapped_or_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf.formats.layout.SAMPLE", 40)
    Store.create(tmp_path / "s", META, made(300, 8)).close()
    change_store(tmp_path / "s", made(30, 9), [f"{299 * 37 % 10007:05}"])
    with Store.open(tmp_path / "s") as store:
        read, mapped = Neighbourhood(store.shard), Neighbourhood(store.shard, store.sample)
        assert mapped.cohort.shape == (40, D) and np.array_equal(mapped.cohort, read.cohort)


def test_a_volume_that_cannot_map_files_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    monkeypatch.setattr("pocketshelf.store.layouts.mmap.mmap", refused)
    store, rows = full_store(tmp_path / "s")
    change_store(store, [], [rows[0].product_id])
    assert_right(store, rows[1:])
