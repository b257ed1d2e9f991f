"""Where metadata is verified: the folder for temporary files, which may be full, or full of remains."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from pathlib import Path

import pytest
from repository_simulator import RepositorySimulator, content_of
from sync_device import Device, first_state, second_state

from pocketshelf.errors import StoreError

OLD = 2 * 24 * 3600


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> RepositorySimulator:
    shop = RepositorySimulator(tmp_path / "shop")
    shop.publish(first_state(), 60)
    return shop


def test_a_full_one_is_named_and_costs_the_store_nothing(
    tmp_path: Path, scratch: Path, shop: RepositorySimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(tmp_path / "store", shop)
    device.sync()
    trusted = {path.name: path.read_bytes() for path in (device.path / "trust").iterdir()}
    shop.publish(second_state(), 64)
    real = Path.write_bytes

    def write(path: Path, data: bytes) -> int:
        if path.is_relative_to(scratch):
            real(path, data[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(StoreError, match=r"temporary: cannot be written \(No space left .*TMPDIR"):
        device.sync()
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in (device.path / "trust").iterdir()} == trusted
    assert device.content() == content_of(first_state())
    assert device.sync().sequence == 64


def test_a_clock_that_is_years_ahead_of_the_files_takes_nothing_away(
    tmp_path: Path, scratch: Path, shop: RepositorySimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = scratch / "pocketshelf-trust-other"
    other.mkdir()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 400 * OLD)
    assert Device(tmp_path / "store", shop).sync().sequence == 60 and other.exists()


def test_what_killed_syncs_have_left_goes_and_nothing_else(
    tmp_path: Path, scratch: Path, shop: RepositorySimulator
) -> None:
    kept = tmp_path / "kept"
    for folder in (
        kept,
        *(scratch / name for name in ("pocketshelf-trust-old", "pocketshelf-trust-now", "x")),
    ):
        folder.mkdir()
        (folder / "root.json").write_bytes(b"{}")
    (scratch / "pocketshelf-trust-link").symlink_to(kept)
    for path in scratch.iterdir():
        if not path.name.endswith("-now"):
            before = path.lstat().st_mtime - OLD
            os.utime(path, (before, before), follow_symlinks=False)
    Device(tmp_path / "store", shop).sync()
    left = {path.name for path in scratch.iterdir()}
    assert left == {"pocketshelf-trust-now", "pocketshelf-trust-link", "x"}
    assert (kept / "root.json").exists() and (scratch / "x" / "root.json").exists()
