"""Stores: generations, the pointer, rollback, pruning, locks, and damage."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_models import make_bundle
from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.formats.delta import DeltaMeta, apply_delta, create_delta
from pocketshelf.store import Store, StoreFolder, StoreWriter, rollback_store, verify_store
from pocketshelf.store.filesystem import FileSystem


def products(count: int) -> list[Product]:
    vectors = np.array([[1, 2, 3, 127]], dtype=np.int8)
    return [Product(str(n), 1, f"c{n % 2}", f"title {n}", None, vectors) for n in range(count)]


def make(path: Path, sequence: int, **more: object) -> Store:
    return Store.create(path, ShardMeta("space", "hash", "bundle", sequence, 4), products(sequence), **more)  # type: ignore[arg-type]


class FullDisk(FileSystem):
    """Fails at one operation, as a full disk does."""

    def __init__(self, fails: str) -> None:
        super().__init__()
        self.fails = fails

    def _maybe(self, operation: str) -> None:
        if operation == self.fails:
            raise OSError(28, "No space left on device")

    def write(self, path: Path, data: bytes) -> None:
        self._maybe("write")
        super().write(path, data)

    def fsync(self, path: Path) -> None:
        self._maybe("fsync")
        super().fsync(path)

    def replace(self, source: Path, target: Path) -> None:
        self._maybe("replace pointer" if target.name == "current" else "replace")
        super().replace(source, target)


def test_generations_stand_side_by_side_and_the_last_two_are_kept(tmp_path: Path) -> None:
    for sequence in (1, 2, 3):
        with make(tmp_path / "s", sequence) as store:
            assert (store.meta.sequence, len(store), store.is_current()) == (sequence, sequence, True)
    folder = StoreFolder(tmp_path / "s")
    assert folder.generations() == ["00000002", "00000003"]
    assert (folder.current(), folder.previous()) == ("00000003", "00000002")


def test_an_open_store_stays_readable_while_others_replace_it(tmp_path: Path) -> None:
    old = make(tmp_path / "s", 2)
    for sequence in (3, 4, 5):
        make(tmp_path / "s", sequence).close()
    assert not old.is_current()
    assert [p.product_id for p in old.shard] == ["0", "1"]


def test_rollback_returns_to_the_previous_generation_once(tmp_path: Path) -> None:
    make(tmp_path / "s", 1).close()
    make(tmp_path / "s", 2).close()
    assert rollback_store(tmp_path / "s") == "00000001"
    with Store.open(tmp_path / "s") as store:
        assert store.meta.sequence == 1
    with pytest.raises(StoreError, match="no older generation"):
        rollback_store(tmp_path / "s")


def test_after_a_rollback_the_next_generation_supersedes_the_bad_one(tmp_path: Path) -> None:
    for sequence in (1, 2):
        make(tmp_path / "s", sequence).close()
    rollback_store(tmp_path / "s")
    make(tmp_path / "s", 3).close()
    folder = StoreFolder(tmp_path / "s")
    assert (folder.generations(), folder.previous()) == (["00000001", "00000003"], "00000001")


@pytest.mark.parametrize("operation", ["write", "fsync", "replace", "replace pointer"])
def test_a_full_disk_leaves_the_old_store_and_one_clear_line(tmp_path: Path, operation: str) -> None:
    make(tmp_path / "s", 1).close()
    with pytest.raises(StoreError, match="No space left on device; the store is as it was"):
        make(tmp_path / "s", 2, files=FullDisk(operation))
    assert verify_store(tmp_path / "s").sequence == 1
    make(tmp_path / "s", 3).close()
    assert verify_store(tmp_path / "s").sequence == 3
    assert list((tmp_path / "s" / "generations").glob(".new-*")) == []


def test_an_interrupted_writer_leaves_nothing_that_hinders(tmp_path: Path) -> None:
    make(tmp_path / "s", 1).close()
    with StoreWriter.open(tmp_path / "s") as writer:
        left = writer.folder.generations_path / ".new-00000009"
        left.mkdir()
        (left / "shard.sqlite").write_text("half")
    assert StoreFolder(tmp_path / "s").generations() == ["00000001"]
    make(tmp_path / "s", 2).close()
    assert sorted(p.name for p in (tmp_path / "s" / "generations").iterdir()) == ["00000001", "00000002"]


def test_two_writers_exclude_each_other(tmp_path: Path) -> None:
    with StoreWriter.open(tmp_path / "s"), pytest.raises(StoreError, match="another process is writing"):
        make(tmp_path / "s", 1)
    make(tmp_path / "s", 1).close()


def test_readers_survive_writers_that_publish_as_fast_as_they_can(tmp_path: Path) -> None:
    make(tmp_path / "s", 1).close()
    stop, faults = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                with Store.open(tmp_path / "s") as store:
                    assert len(list(store.shard)) == store.meta.sequence
            except Exception as error:
                faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for sequence in range(2, 15):
        make(tmp_path / "s", sequence).close()
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []


def test_what_is_no_store_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
        for action in (Store.open, verify_store, rollback_store):
            with pytest.raises(StoreError, match="no store here; make one with 'build' or 'sync'"):
                action(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize("pointer", ["", "../../etc", "a/b", "\x00", ".new-00000002", "x" * 99])
def test_a_bad_pointer_is_refused(tmp_path: Path, pointer: str) -> None:
    make(tmp_path / "s", 1).close()
    (tmp_path / "s" / "current").write_text(pointer)
    with pytest.raises(StoreError, match="holds no generation's name"):
        Store.open(tmp_path / "s")
    assert not verify_store(tmp_path / "s").ok


def test_a_store_whose_place_is_taken_by_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("mine")
    with pytest.raises(StoreError, match="the store is as it was"):
        make(tmp_path / "s", 1)
    assert (tmp_path / "s").read_text() == "mine"


def test_damage_suggests_the_rollback_where_there_is_one(tmp_path: Path) -> None:
    make(tmp_path / "s", 1).close()
    make(tmp_path / "s", 2).close()
    (tmp_path / "s" / "generations" / "00000002" / "shard.sqlite").write_bytes(b"junk" * 999)
    with pytest.raises(StoreError, match="'rollback' returns to the generation before"):
        Store.open(tmp_path / "s")
    rollback_store(tmp_path / "s")
    assert verify_store(tmp_path / "s").sequence == 1


def test_verify_finds_a_single_flipped_bit(tmp_path: Path) -> None:
    make(tmp_path / "s", 3).close()
    make(tmp_path / "s", 4).close()
    assert verify_store(tmp_path / "s").to_json() == {
        "ok": True,
        "path": str(tmp_path / "s"),
        "generation": "00000002",
        "sequence": 4,
        "products": 4,
        "problems": [],
    }
    for name, where in (("00000002", "shard.sqlite: not the bytes"), ("00000001", "kept for rollback")):
        path = tmp_path / "s" / "generations" / name / "shard.sqlite"
        content = bytearray(path.read_bytes())
        content[-9] ^= 1
        path.write_bytes(content)
        report = verify_store(tmp_path / "s")
        assert not report.ok and where in report.problems[-1]


def test_a_bundle_of_another_space_or_preprocessing_is_refused(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    preprocessing = bundle.preprocessing_hash
    for space, hashed, message in (
        ("fake-space", preprocessing, None),
        ("other", preprocessing, "its vectors are of space 'other'"),
        ("fake-space", "feed", "its vectors are of preprocessing feed"),
    ):
        meta = ShardMeta(space, hashed, "x", 1, bundle.embedder.dimension)
        with Store.create(tmp_path / "s", meta, []) as store:
            if message is None:
                store.require_space(bundle)
                continue
            with pytest.raises(SpaceMismatch, match=message) as caught:
                store.require_space(bundle)
            assert "build or sync the store again" in str(caught.value)


@pytest.mark.parametrize("kind", [stat.S_ISDIR, stat.S_ISREG])
def test_a_volume_that_cannot_sync_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[[int], bool]
) -> None:
    """Some networks' volumes answer EINVAL or ENOSYS; any other fault of the disk is told."""
    for number, passes in ((errno.EINVAL, True), (errno.ENOSYS, True), (errno.EIO, False)):

        def fails(descriptor: int, number: int = number) -> None:
            if kind(os.fstat(descriptor).st_mode):
                raise OSError(number, os.strerror(number))

        monkeypatch.setattr("os.fsync", fails)
        if passes:
            make(tmp_path / "s", 1).close()
            continue
        with pytest.raises(StoreError, match="Input/output error"):
            make(tmp_path / "s", 2)


def flip(path: Path, place: int = -9) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_in_a_shard_is_refused_before_use(tmp_path: Path) -> None:
    """In a vector, say: a sound database with another answer."""
    make(tmp_path / "s", 3).close()
    shard = tmp_path / "s" / "generations" / "00000001" / "shard.sqlite"
    flip(shard, shard.read_bytes().index(bytes([1, 2, 3, 127])))
    with pytest.raises(StoreError, match="not the bytes that were written") as caught:
        Store.open(tmp_path / "s")
    assert "sync or build it again" in str(caught.value)


def test_a_flipped_bit_in_a_large_shard_is_refused_once_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is hashed in the background, and the store is not waited for."""
    monkeypatch.setattr("pocketshelf.store.digest.AT_ONCE", 100)
    make(tmp_path / "s", 3).close()
    with Store.open(tmp_path / "s") as store:
        _join_check()
        assert len(store) == 3
    flip(tmp_path / "s" / "generations" / "00000001" / "shard.sqlite")
    with Store.open(tmp_path / "s") as store:
        _join_check()
        for use in (lambda: len(store), lambda: store.product("1"), store.categories, lambda: store.shard):
            with pytest.raises(StoreError, match="not the bytes that were written"):
                use()


def _join_check() -> None:
    for thread in threading.enumerate():
        if thread.name == "pocketshelf-digest":
            thread.join()


@pytest.mark.parametrize("file", ["current", "generations/00000001/shard.sha256"])
def test_a_store_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read whatever its mode: the refusal is the system's, staged."""
    make(tmp_path / "s", 1).close()
    closed, opened = tmp_path / "s" / file, os.open

    def refuse(path: str | Path, *rest: int) -> int:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *rest)

    monkeypatch.setattr("pocketshelf.files.os.open", refuse)
    with pytest.raises(StoreError, match=r"Permission denied.; run this as the user whose the store") as told:
        Store.open(tmp_path / "s")
    assert "Errno" not in str(told.value) and "sync or build" not in str(told.value)


@pytest.mark.parametrize("record", ["", "abc  shard.sqlite\n", "\xff", "0" * 64, "x" * 5000])
def test_a_damaged_digest_is_refused(tmp_path: Path, record: str) -> None:
    make(tmp_path / "s", 1).close()
    (tmp_path / "s" / "generations" / "00000001" / "shard.sha256").write_text(record, encoding="latin-1")
    with pytest.raises(StoreError, match="sync or build it again"):
        Store.open(tmp_path / "s")
    assert not verify_store(tmp_path / "s").ok


def test_a_rollback_to_a_damaged_generation_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "s", 1).close()
    make(tmp_path / "s", 2).close()
    flip(tmp_path / "s" / "generations" / "00000001" / "shard.sqlite")
    with pytest.raises(StoreError, match="not the bytes that were written"):
        rollback_store(tmp_path / "s")
    with Store.open(tmp_path / "s") as store:
        assert store.meta.sequence == 2


def test_a_volume_that_cannot_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not "another process"; what is there already can be read."""
    make(tmp_path / "s", 1).close()
    for number in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):

        def fails(descriptor: int, how: int, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("fcntl.flock", fails)
        with pytest.raises(StoreError, match="this volume cannot lock files") as caught:
            make(tmp_path / "s", 2)
        assert "local disk" in str(caught.value) and "another process" not in str(caught.value)
        with Store.open(tmp_path / "s") as store:
            assert store.meta.sequence == 1


def test_sqlite_needs_no_locks_of_the_volume(tmp_path: Path) -> None:
    """Somebody else holds every lock there is on the shard: it is read, and changed in a new generation."""
    make(tmp_path / "s", 3).close()
    shard = tmp_path / "s" / "generations" / "00000001" / "shard.sqlite"
    holds = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holds, str(shard)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        with Store.open(tmp_path / "s") as store:
            assert len(list(store.shard)) == 3
        changes = tmp_path / "delta.sqlite"
        one, _ = products(2)
        create_delta(changes, DeltaMeta("space", "hash", 4, 3, 4), [replace(one, sequence=4)], [])
        assert apply_delta(shard, changes).sequence == 4
        other.communicate(b"\n")


def test_a_journal_beside_a_shard_is_not_played_back(tmp_path: Path) -> None:
    """Somebody's file, by which SQLite would change what is read, or refuse to read."""
    make(tmp_path / "s", 3).close()
    shard = tmp_path / "s" / "generations" / "00000001" / "shard.sqlite"
    magic = bytes.fromhex("d9d505f920a163d7")
    header = magic + (1).to_bytes(4, "big") + bytes(4) + (2).to_bytes(4, "big") + (512).to_bytes(4, "big")
    page = (1).to_bytes(4, "big") + bytes(4096) + bytes(4)
    shard.with_name("shard.sqlite-journal").write_bytes(
        header + (4096).to_bytes(4, "big") + bytes(512 - 28) + page
    )
    with Store.open(tmp_path / "s") as store:
        assert len(list(store.shard)) == 3
    assert verify_store(tmp_path / "s").ok


def test_a_shard_that_grew_without_end_is_refused_unread(tmp_path: Path) -> None:
    """A sparse terabyte, say: its header tells how long it is."""
    make(tmp_path / "s", 1).close()
    os.truncate(tmp_path / "s" / "generations" / "00000001" / "shard.sqlite", 10**12)
    with pytest.raises(StoreError, match="not the bytes that were written"):
        Store.open(tmp_path / "s")
    assert not verify_store(tmp_path / "s").ok


def test_some_of_a_category_are_evenly_apart_and_in_the_order_of_rows(tmp_path: Path) -> None:
    rows = [
        Product(f"p{n:03}", 1, "c", "", None, np.array([[n, 1, 2, 3], [9, 9, 9, 9]], np.int8))
        for n in range(100)
    ]
    rows.insert(40, Product("other", 1, "d", "", None, np.array([[7, 7, 7, 7]], np.int8)))
    with Store.create(tmp_path / "s", ShardMeta("space", "hash", "bundle", 1, 4), rows) as store:
        assert store.some_of("c", 4)[:, 0].tolist() == [0, 25, 50, 75]
        assert store.some_of("c", 500)[:, 0].tolist() == list(range(100))
        assert store.some_of("d").tolist() == [[7, 7, 7, 7]]
        assert store.some_of("nothing").shape == (0, 4)
