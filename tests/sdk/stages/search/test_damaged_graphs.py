"""A derived graph that is damaged, replaced or another's is never searched: it is made again."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats import Product, ShardMeta, quantize_vectors
from pocketshelf.formats.derived import DerivedFile
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store, verify_store

D, COUNT = 32, 400


def make_store(path: Path, seed: int = 1) -> Path:
    """A store whose one category gets a graph, which is made."""
    vectors = quantize_vectors(np.random.default_rng(seed).normal(size=(COUNT, D)))
    rows = [Product(f"{n:04}", 1, "big", f"t{n}", None, vectors[n : n + 1]) for n in range(COUNT)]
    with Store.create(path, ShardMeta("space", "hash", "bundle", 1, D), rows) as store:
        assert StoreSearcher(store, exact_limit=1).graph("big") is not None
    return path


def graph_of(store: Path) -> Path:
    (file,) = store.glob("generations/*/index/*.usearch")
    return file


def assert_right(store: Path) -> None:
    """Most of the exact answers, each with its exact score."""
    queries = np.random.default_rng(7).normal(size=(5, D)).astype(np.float32)
    with Store.open(store) as opened:
        exact, graph = StoreSearcher(opened, exact_limit=COUNT + 1), StoreSearcher(opened, exact_limit=1)
        for query in queries:
            found, wanted = dict(graph.search(query, ["big"], 10)), dict(exact.search(query, ["big"], 10))
            shared = found.keys() & wanted.keys()
            assert len(found) == 10 and len(shared) >= 8
            assert all(abs(found[name] - wanted[name]) < 1e-5 for name in shared)


def test_a_flipped_bit_anywhere_neither_crashes_nor_misleads(tmp_path: Path) -> None:
    """In a process of its own, which USearch would take down."""
    store = make_store(tmp_path / "s")
    script = f"""
import random
from pathlib import Path
from test_damaged_graphs import assert_right
store, file = Path({str(store)!r}), Path({str(graph_of(store))!r})
whole, chance = file.read_bytes(), random.Random(5)
for n in range(60):
    damaged = bytearray(whole)
    damaged[n * 7 if n < 30 else chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    file.write_bytes(damaged)
    assert_right(store)
    assert file.read_bytes() != bytes(damaged), "not made again"
"""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def lengthened(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def endless(file: Path) -> None:
    """A sparse terabyte, and a header that promises it."""
    header = file.read_bytes().split(b"\n")[0].rsplit(b" ", 1)[0]
    file.write_bytes(header + b" 1000000000000\n")
    os.truncate(file, len(header) + 15 + 10**12)


def a_folder(file: Path) -> None:
    file.unlink()
    (file / "full").mkdir(parents=True)


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def a_link_to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to("/nowhere")


def a_link_to_a_device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def no_header(file: Path) -> None:
    """As releases before wrote it, or USearch itself."""
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])


def its_folder_a_file(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.write_text("in the way")


def its_folder_a_link(file: Path) -> None:
    elsewhere = file.parents[3] / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    shutil.rmtree(file.parent)
    file.parent.symlink_to(elsewhere)


DAMAGE = [
    emptied,
    cut,
    lengthened,
    endless,
    a_folder,
    a_pipe,
    a_link_to_nothing,
    a_link_to_a_device,
    no_header,
]


@pytest.mark.parametrize("damage", [*DAMAGE, its_folder_a_file, its_folder_a_link])
def test_what_stands_in_a_graph_s_place_is_replaced_by_a_graph(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store = make_store(tmp_path / "s")
    file = graph_of(store)
    damage(file)
    assert_right(store)
    assert file.is_file() and not file.is_symlink() and not file.parent.is_symlink()
    assert verify_store(store).ok
    mine = tmp_path / "s" / "elsewhere" / "mine"
    assert not mine.parent.exists() or mine.read_text() == "mine"


@pytest.mark.parametrize("damage", DAMAGE)
def test_verify_names_a_damaged_graph(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    store = make_store(tmp_path / "s")
    damage(graph_of(store))
    (problem,) = verify_store(store).problems
    assert str(graph_of(store)) in problem and "a search makes it again" in problem


def test_another_shelf_s_graph_is_not_searched(tmp_path: Path) -> None:
    """Sound, of the same category and as many products: only the rows that it came from tell."""
    store, other = make_store(tmp_path / "s"), make_store(tmp_path / "o", seed=2)
    shutil.copyfile(graph_of(other), graph_of(store))
    assert not verify_store(store).ok
    assert_right(store)
    assert verify_store(store).ok


def test_another_category_s_graph_is_not_searched(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    DerivedFile.of_category(folder, "ab" * 32, "Apple").write(b"graph")
    apple, pear = (DerivedFile.of_category(folder, "ab" * 32, name) for name in ("Apple", "Pear"))
    shutil.copyfile(apple.path, pear.path)
    assert (apple.read(99), apple.read(4), pear.read(99)) == (b"graph", None, None)


def test_a_graph_of_rows_that_changed_since_is_not_searched(tmp_path: Path) -> None:
    """A shard changed in its place, its digest with it: only the graph is of before."""
    store = make_store(tmp_path / "s")
    (shard,) = store.glob("generations/*/shard.sqlite")
    before = graph_of(store).read_bytes()
    with sqlite3.connect(shard) as connection:
        fresh = quantize_vectors(np.random.default_rng(9).normal(size=(COUNT, D)))
        connection.executemany(
            "UPDATE products SET vectors = ? WHERE product_id = ?",
            [(fresh[n].tobytes(), f"{n:04}") for n in range(COUNT)],
        )
    connection.close()
    subprocess.run("sha256sum shard.sqlite > shard.sha256", shell=True, cwd=shard.parent, check=True)
    assert_right(store)
    assert graph_of(store).read_bytes() != before


def test_a_copied_store_keeps_its_graph(tmp_path: Path) -> None:
    """The digest of the rows tells, not the time of the file."""
    store, copy = make_store(tmp_path / "s"), tmp_path / "copy"
    shutil.copytree(store, copy, copy_function=shutil.copyfile)
    before = graph_of(copy).stat()
    assert_right(copy)
    assert graph_of(copy).stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_changes_after_it_was_checked_changes_no_answer(tmp_path: Path) -> None:
    """USearch works on the verified bytes, not on the file."""
    store = make_store(tmp_path / "s")
    file, query = graph_of(store), np.ones(D, dtype=np.float32)
    with Store.open(store) as opened:
        searcher = StoreSearcher(opened, exact_limit=1)
        wanted = searcher.search(query, ["big"], 10)
        with file.open("r+b") as stream:  # In its place: the same inode, as a mapping would see it.
            stream.seek(200)
            stream.write(random.Random(1).randbytes(file.stat().st_size - 200))
        assert searcher.search(query, ["big"], 10) == wanted
