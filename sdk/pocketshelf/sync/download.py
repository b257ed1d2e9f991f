"""Get a signed file: bounded, resumable, verified before anyone may read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pocketshelf.errors import ServerError, SyncError
from pocketshelf.files import open_plain
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.fetcher import Answer, Fetcher
from pocketshelf.sync.limits import Limits, Pace
from pocketshelf.sync.trust import Target

__all__ = ["Downloader", "Progress"]

# Called with (bytes so far, bytes in all).
Progress = Callable[[int, int], None]


class Downloader:
    """Brings signed files into a folder.

    The bytes gather in ``<sha256>.part``; the name without ``.part`` appears only once length and hash
    are those signed. ``<sha256>.etag`` keeps the server's entity tag, to resume by.

    Args:
        folder: where the files gather; made when needed.
        progress: told how far a file is.
    """

    def __init__(
        self,
        folder: Path,
        fetcher: Fetcher,
        files: FileSystem,
        pace: Pace,
        limits: Limits,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self._folder = folder
        self._fetcher = fetcher
        self._files = files
        self._pace = pace
        self._limits = limits
        self._progress = progress

    def get(self, target: Target, most: int | None = None) -> Path:
        """Bring ``target``; an interrupted download goes on where it ended.

        A file that was resumed and turns out wrong is fetched once more from its start.

        Args:
            most: longest length accepted; ``limits.download_bytes`` if None.

        Returns:
            the verified file.

        Raises:
            Unreachable: the server is away; what has arrived is kept.
            ServerError: it does not have the file.
            SyncError: the file is not the one signed, is too long, or comes too slowly.
        """
        most = self._limits.download_bytes if most is None else most
        if target.length > most:
            raise SyncError(f"{target.name}: refused, {target.length} bytes are more than the {most} allowed")
        done, part = self._folder / target.sha256, self._folder / f"{target.sha256}.part"
        if _is_there(done, target):
            return done
        self._files.make_way(self._folder, folder=True)
        self._files.mkdir(self._folder)
        for path in (part, done, part.with_suffix(".etag")):
            self._files.make_way(path)
        if self._receive(target, part) and not _is(part, target):
            self._files.unlink(part)
            self._receive(target, part)
        self._accept(target, part, done)
        return done

    def _accept(self, target: Target, part: Path, done: Path) -> None:
        if not _is(part, target):
            size = part.stat().st_size
            self._files.unlink(part)
            raise SyncError(
                f"{target.name}: refused, not the file that was signed ({size} of {target.length} bytes, or "
                "another hash)"
            )
        self._files.fsync(part)
        self._files.replace(part, done)
        self._files.unlink(part.with_suffix(".etag"))
        self._files.fsync_dir(self._folder)

    def _receive(self, target: Target, part: Path) -> bool:
        """Fill ``part``; True if it was begun earlier."""
        have = part.stat().st_size if part.exists() else 0
        if have == target.length:
            return True
        if have > target.length:
            have = 0
        tag = part.with_suffix(".etag")
        etag = tag.read_text(encoding="latin-1") if have and tag.exists() else None
        self._pace.start()
        answer = self._fetcher.get(target.url, offset=have, etag=etag, seconds=self._limits.gap_seconds)
        try:
            start = _start(answer, target, have)
            if start == 0:
                self._files.write(tag, (answer.etag or "").encode("latin-1", "replace"))
                self._files.write(part, b"")
            self._store(answer, part, start, target)
        finally:
            answer.close()
        return start > 0

    def _store(self, answer: Answer, part: Path, have: int, target: Target) -> None:
        gathered = bytearray()
        try:
            for chunk in answer.chunks:
                have += len(chunk)
                if have > target.length:
                    gathered.clear()
                    self._files.unlink(part)
                    raise SyncError(
                        f"{target.name}: refused, longer than the {target.length} bytes signed (endless data)"
                    )
                gathered += chunk
                if len(gathered) >= self._limits.chunk:
                    self._files.append(part, bytes(gathered))
                    gathered.clear()
                self._progress(have, target.length)
                self._pace.received(len(chunk))
        finally:
            if gathered:  # Also when the connection broke: the next sync goes on from here.
                self._files.append(part, bytes(gathered))


def _is(path: Path, target: Target) -> bool:
    with path.open("rb") as stream:
        return target.matches(stream)


def _is_there(path: Path, target: Target) -> bool:
    """Whether ``path`` is the file, whatever else may stand there or on the way."""
    try:
        with open_plain(path) as stream:
            return target.matches(stream)
    except OSError:
        return False


def _start(answer: Answer, target: Target, have: int) -> int:
    """Where the answer's body belongs in the file."""
    if answer.status == 200:
        return 0
    if answer.status == 206 and answer.start == have:
        return have
    if answer.status in (206, 416):
        raise SyncError(f"{target.name}: the server answered another part than was asked for; sync again")
    raise ServerError(f"{target.url}: the server does not have the file it signed (status {answer.status})")
