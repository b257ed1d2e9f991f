"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pocketshelf.files import atomic_write


def test_the_new_file_takes_the_old_one_s_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as temporary:
        temporary.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError), atomic_write(tmp_path / "none" / "a.txt") as temporary:
        temporary.write_text("new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes among the files")
def test_a_pipe_or_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """As root `--out /dev/null` made a plain file of it, for every program of the machine."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(OSError, match="not a plain file"), atomic_write(path) as temporary:
            temporary.write_text("new")
    assert stat.S_ISFIFO(pipe.stat().st_mode) and link.is_symlink()


def test_what_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk's own error names no file, and the temporary one's name says nothing to anybody."""
    path = tmp_path / "a.txt"

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError) as full, atomic_write(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError) as missing, atomic_write(tmp_path / "none" / "a.txt") as temporary:
        temporary.write_text("new")
    assert (full.value.filename, missing.value.filename) == (str(path), str(tmp_path / "none" / "a.txt"))
