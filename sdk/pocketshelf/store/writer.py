"""Writing a store: a new generation beside the old one, then the pointer, atomically and last."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pocketshelf.errors import StoreError
from pocketshelf.formats.shard import open_shard
from pocketshelf.store.digest import RECORDED, check_shard, file_digest
from pocketshelf.store.filesystem import UNSUPPORTED, FileSystem, write_atomically, write_over
from pocketshelf.store.folder import StoreFolder
from pocketshelf.store.layouts import map_file, open_layout

__all__ = ["StoreWriter", "rollback_store"]


class StoreWriter:
    """The one writer of a store; get it from `open`.

    with StoreWriter.open(path) as writer, writer.staged() as staging:
        create_shard(staging / "shard.sqlite", meta, products)
        writer.publish(staging)

    Attributes:
        folder: the store's paths.
        files: every change goes through it.
    """

    def __init__(self, folder: StoreFolder, files: FileSystem) -> None:
        self.folder = folder
        self.files = files

    @classmethod
    @contextmanager
    def open(cls, path: str | Path, files: FileSystem | None = None) -> Iterator[Self]:
        """Lock the store at ``path``, creating the folder if need be.

        Raises:
            StoreError: another process is writing, or the folder cannot be written. System errors
                within the block, a full disk among them, come out as this, too.
        """
        writer = cls(StoreFolder(path), files or FileSystem())
        with _system_errors(writer.folder):
            writer._make_folder()
            writer.files.make_way(writer.folder.lock)
            with _locked(writer.folder.lock):
                yield writer

    def _make_folder(self) -> None:
        path = self.folder.generations_path
        try:
            self.files.mkdir(path)
        except FileExistsError as error:
            raise StoreError(f"{path}: not a folder; remove it, then sync or build again") from error

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """An empty folder for the next generation, removed again if the body fails.

        What an interrupted writer left is removed first.
        """
        for leftover in sorted(self.folder.generations_path.glob(".old-*")):
            with contextlib.suppress(OSError):  # It only takes space.
                self.files.rmtree(leftover)
        for leftover in sorted(self.folder.generations_path.glob(".new-*")):
            self.files.rmtree(leftover)
        staging = self.folder.generations_path / f".new-{self.folder.next()}"
        self.files.mkdir(staging)
        try:
            yield staging
        except BaseException:
            with contextlib.suppress(OSError):  # As far as the disk still lets us.
                self.files.rmtree(staging)
            raise

    def publish(self, staging: Path, replaces_damaged: bool = False, digest: str | None = None) -> str:
        """Make ``staging``, with its ``shard.sqlite``, the current generation; returns its name.

        After a crash at any point the store is wholly in the old state or wholly in the new one.

        Args:
            replaces_damaged: the current generation is not worth keeping; the one before it stays.
            digest: the shard's SHA-256, where it is known.

        Raises:
            StoreError: the shard does not open, or the disk does not take it; the store is as before.
        """
        shard = staging / "shard.sqlite"
        digests = {shard.name: digest or file_digest(shard)}
        digests |= {file: file_digest(staging / file) for file in RECORDED[1:] if (staging / file).is_file()}
        with open_shard(shard) as opened:
            open_layout(opened, map_file(shard), digests[shard.name], staging / "index")
        kept = self._worth_keeping(replaces_damaged)
        name = staging.name.removeprefix(".new-")
        self.files.fsync(shard)
        # As sha256sum writes them.
        lines = "".join(f"{sha256}  {file}\n" for file, sha256 in digests.items())
        write_atomically(self.files, staging / "shard.sha256", lines.encode("ascii"))
        self.files.replace(staging, self.folder.generation(name))
        self.files.fsync_dir(self.folder.generations_path)
        self._point_to(name)
        self.prune(keep={name, kept})
        return name

    def _point_to(self, name: str) -> None:
        write_over(self.files, self.folder.pointer, f"{name}\n".encode("ascii"))

    def _worth_keeping(self, damaged: bool) -> str | None:
        try:
            return self.folder.previous() if damaged else self.folder.current()
        except StoreError:  # The pointer itself is damaged: what it pointed at is unknown.
            return next(reversed(self.folder.generations()), None)

    def rollback(self) -> str:
        """Point back to the generation before the current one; returns its name.

        What was current is remembered, if it is sound, so that no sync returns to it by itself.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        current = self.folder.require_current()
        previous = self.folder.previous()
        if previous is None:
            raise StoreError(f"{self.folder.path}: there is no older generation to go back to")
        self._sequence(previous)
        with contextlib.suppress(StoreError):  # A damaged one may come again, whole.
            refused = max((self._sequence(current), current), self._refused())
            line = f"{refused[1]} {refused[0]}\n"
            write_over(self.files, self.folder.rolled_back_path, line.encode("ascii"))
        self._point_to(previous)
        return previous

    def _refused(self) -> tuple[int, str]:
        name, sequence = self.folder.rolled_back() or ("", -1)
        return sequence, name

    def undo_rollback(self) -> str:
        """Point to the generation that was rolled back from; returns its name.

        Raises:
            StoreError: nothing was rolled back, or it is gone or damaged.
        """
        self.folder.require_current()
        refused = self.folder.rolled_back()
        if refused is None:
            raise StoreError(f"{self.folder.path}: nothing was rolled back")
        self._sequence(refused[0])
        self._point_to(refused[0])
        return refused[0]

    def _sequence(self, name: str) -> int:
        """That of a sound generation.

        Raises:
            StoreError: it is damaged.
        """
        check_shard(self.folder, name)
        with open_shard(self.folder.shard(name)) as shard:
            return shard.meta.sequence

    def prune(self, keep: set[str | None] | None = None) -> list[str]:
        """Remove all generations but ``keep`` (the current and the previous one); returns their names."""
        keep = {self.folder.current(), self.folder.previous()} if keep is None else keep
        removed = []
        for name in [*self.folder.generations(), *self.folder.leftovers()]:
            # A generation that cannot be removed now only takes space; the next prune tries again.
            with contextlib.suppress(OSError):
                if name not in keep:
                    # Out of the names first, durably: half a generation must never pass for one.
                    doomed = self.folder.generations_path / f".old-{name}"
                    self.files.replace(self.folder.generation(name), doomed)
                    self.files.fsync_dir(self.folder.generations_path)
                    self.files.rmtree(doomed)
                    removed.append(name)
        return removed


def rollback_store(path: str | Path, files: FileSystem | None = None, undo: bool = False) -> str:
    """Return the store at ``path`` to its previous generation, whose name is returned.

    Args:
        undo: return to the generation that was rolled back from instead.

    Raises:
        StoreError: there is no store, no such generation, or it is damaged.
    """
    StoreFolder(path).require_current()
    with StoreWriter.open(path, files) as writer:
        return writer.undo_rollback() if undo else writer.rollback()


@contextmanager
def _system_errors(folder: StoreFolder) -> Iterator[None]:
    """The system's errors as one `StoreError`, which says in which state the store is."""
    before = _current(folder)
    try:
        yield
    except OSError as error:
        after = _current(folder)
        state = "as it was" if after == before else f"whole, and at generation {after} now"
        raise StoreError(
            f"{error.filename or folder.path}: {error.strerror or error}; the store is {state}"
        ) from error


def _current(folder: StoreFolder) -> str | None:
    try:
        return folder.current()
    except StoreError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, which the system releases when the process dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: the rename of an open pointer fails there by itself.
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in UNSUPPORTED | {errno.ENOLCK}:
            raise StoreError(
                f"{path.parent}: this volume cannot lock files ({error.strerror}), and nothing else keeps "
                "two writers apart; write the store on a local disk (it can be read from here, too)"
            ) from error
        if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
            raise
        raise StoreError(f"{path.parent}: another process is writing this store; wait for it") from error
