"""A disk that dies: at the n-th operation the process is killed, or the power fails.

A killed process leaves everything on the disk that it had written, the last operation perhaps in part.
After a power failure only what was synced is certain. Everything else may be there, be missing, be cut
short or be zeros, file by file; names are as last synced, or as they were, folder by folder.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from pathlib import Path

from pocketshelf.store.filesystem import FileSystem

__all__ = ["Crash", "DyingFileSystem", "FullFileSystem"]


class Crash(BaseException):
    """The end of the process: no handler of the code under test may catch it."""


class _File:
    """A file's contents as last synced; None if never."""

    def __init__(self) -> None:
        self.synced: bytes | None = None


class _Folder:
    """A folder's entries now, and as last synced."""

    def __init__(self) -> None:
        self.now: dict[str, _File | _Folder] = {}
        self.synced: dict[str, _File | _Folder] = {}


class DyingFileSystem(FileSystem):
    """`FileSystem` below ``root`` that raises `Crash` at operation ``dies_at`` (from 0; None: never).

    Attributes:
        operations: how many there were.
        names: what each of them was, for messages.
    """

    def __init__(self, root: Path, dies_at: int | None = None) -> None:
        super().__init__()
        self._root, self._dies_at = root, dies_at
        self.names: list[str] = []
        self._dead = False
        self._tree = _load(root)

    @property
    def operations(self) -> int:
        return len(self.names)

    def write(self, path: Path, data: bytes) -> None:
        last = self._begin("write", path)
        super().write(path, data[: len(data) // 2] if last else data)
        # Truncation is seen at once or not at all, like the rest: until synced, the old bytes may come back.
        self._folder(path.parent).now.setdefault(path.name, _File())
        self._end(last)

    def append(self, path: Path, data: bytes) -> None:
        last = self._begin("append", path)
        super().append(path, data[: len(data) // 2] if last else data)
        self._folder(path.parent).now.setdefault(path.name, _File())
        self._end(last)

    def copy(self, source: Path, target: Path) -> None:
        last = self._begin("copy", target)
        super().copy(source, target)
        self._folder(target.parent).now[target.name] = _File()
        self._end(last)

    def fsync(self, path: Path) -> None:
        last = self._begin("fsync", path)
        entry = self._folder(path.parent).now[path.name]
        assert isinstance(entry, _File)
        if not last:
            entry.synced = path.read_bytes()
        self._end(last)

    def fsync_dir(self, path: Path) -> None:
        last = self._begin("fsync_dir", path)
        folder = self._folder(path)
        if not last:
            folder.synced = dict(folder.now)
        self._end(last)

    def replace(self, source: Path, target: Path) -> None:
        last = self._begin("replace", target)
        super().replace(source, target)
        moved = self._folder(source.parent).now.pop(source.name)
        self._folder(target.parent).now[target.name] = moved
        self._end(last)

    def unlink(self, path: Path) -> None:
        last = self._begin("unlink", path)
        super().unlink(path)
        self._folder(path.parent).now.pop(path.name, None)
        self._end(last)

    def mkdir(self, path: Path) -> None:
        last = self._begin("mkdir", path)
        super().mkdir(path)
        self._folder(path)
        self._end(last)

    def rmtree(self, path: Path) -> None:
        last = self._begin("rmtree", path)
        if path.exists():
            # A tree goes file by file: it may die in the middle.
            victims = sorted(p for p in path.rglob("*") if p.is_file())
            for file in victims[: len(victims) // 2] if last else victims:
                file.unlink()
                self._folder(file.parent).now.pop(file.name, None)
            if not last:
                shutil.rmtree(path)
                self._folder(path.parent).now.pop(path.name, None)
        self._end(last)

    def _begin(self, name: str, path: Path) -> bool:
        if self._dead:
            raise Crash
        self.names.append(f"{name} {path.name}")
        return self.operations - 1 == self._dies_at

    def _end(self, last: bool) -> None:
        if last:
            self._dead = True
            raise Crash

    def _folder(self, path: Path) -> _Folder:
        folder = self._tree
        for part in path.relative_to(self._root).parts:
            child = folder.now.setdefault(part, _Folder())
            assert isinstance(child, _Folder)
            folder = child
        return folder

    def fail_power(self, chance: random.Random) -> None:
        """Make the disk what it may be after a power failure."""
        remains: dict[Path, bytes] = {}
        _survivors(self._tree, self._root, self._root, chance, remains, self._live())
        for entry in self._root.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for path, data in remains.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _live(self) -> dict[int, bytes]:
        """Contents as written, by the file's identity."""
        found: dict[int, bytes] = {}

        def walk(folder: _Folder, path: Path) -> None:
            for name, entry in folder.now.items():
                if isinstance(entry, _Folder):
                    walk(entry, path / name)
                elif (path / name).exists():
                    found[id(entry)] = (path / name).read_bytes()

        walk(self._tree, self._root)
        return found


class FullFileSystem(FileSystem):
    """A volume on which, from the n-th operation that needs room on, there is none."""

    def __init__(self, full_at: int | None = None) -> None:
        super().__init__()
        self._full_at = full_at
        self.operations = 0

    def write(self, path: Path, data: bytes) -> None:
        self._need_room(path)
        super().write(path, data)

    def append(self, path: Path, data: bytes) -> None:
        self._need_room(path)
        super().append(path, data)

    def fsync(self, path: Path) -> None:
        self._need_room(path)
        super().fsync(path)

    def mkdir(self, path: Path) -> None:
        if not path.is_dir():
            self._need_room(path)
        super().mkdir(path)

    def copy(self, source: Path, target: Path) -> None:
        self._need_room(target)
        super().copy(source, target)

    def _need_room(self, path: Path) -> None:
        self.operations += 1
        if self._full_at is not None and self.operations > self._full_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _load(path: Path) -> _Folder:
    """What is there before is on the disk for good."""
    folder = _Folder()
    for child in path.iterdir() if path.exists() else ():
        entry: _File | _Folder = _load(child) if child.is_dir() else _File()
        if isinstance(entry, _File):
            entry.synced = child.read_bytes()
        folder.now[child.name] = folder.synced[child.name] = entry
    return folder


def _survivors(
    folder: _Folder,
    path: Path,
    root: Path,
    chance: random.Random,
    remains: dict[Path, bytes],
    live: dict[int, bytes],
) -> None:
    entries = folder.now if chance.random() < 0.5 else folder.synced
    for name, entry in entries.items():
        if isinstance(entry, _Folder):
            _survivors(entry, path / name, root, chance, remains, live)
            continue
        # A file that was replaced or removed since can only come back as it was.
        written = live.get(id(entry), entry.synced or b"")
        if entry.synced is not None and written == entry.synced:
            remains[path / name] = entry.synced
            continue
        options = [written, written[: chance.randrange(len(written) + 1)], bytes(len(written)), b""]
        if entry.synced is not None:
            options.append(entry.synced)
        remains[path / name] = chance.choice(options)
