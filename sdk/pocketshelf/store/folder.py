"""Where things are in a store's folder; reading the pointer."""

from __future__ import annotations

import re
from pathlib import Path

from pocketshelf.errors import StoreError, reason
from pocketshelf.files import read_plain

__all__ = ["StoreFolder", "remedy"]

_POINTER_BYTES = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def remedy(error: Exception) -> str:
    """What to do about a file of a store that cannot be read."""
    if isinstance(error, PermissionError):
        return "run this as the user whose the store is, or let this one read it"
    return "sync or build it again"


class StoreFolder:
    """Paths of the store in ``path``, which need not exist. Nothing here writes."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.pointer = self.path / "current"
        self.generations_path = self.path / "generations"
        self.lock = self.path / ".lock"
        self.rolled_back_path = self.path / "rolled-back"

    def current(self) -> str | None:
        """Name of the current generation; None where there is no store yet.

        Raises:
            StoreError: the pointer cannot be read or holds no name.
        """
        try:
            name = read_plain(self.pointer, _POINTER_BYTES).decode("ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.pointer}: cannot be read ({reason(error)}); {remedy(error)}") from error
        if not _NAME.fullmatch(name):
            raise StoreError(f"{self.pointer}: holds no generation's name; sync or build the store again")
        return name

    def require_current(self) -> str:
        """`current`, where there has to be a store.

        Raises:
            StoreError: there is none.
        """
        name = self.current()
        if name is None:
            raise StoreError(f"{self.path}: no store here; make one with 'build' or 'sync'")
        return name

    def generations(self) -> list[str]:
        """Names of all complete generations, oldest first; those being written are not among them."""
        if not self.generations_path.is_dir():
            return []
        return sorted(name for name in self._entries() if self.generation(name).is_dir())

    def previous(self) -> str | None:
        """The newest generation older than the current one: where a rollback leads."""
        current = self.current()
        older = [name for name in self.generations() if current is not None and name < current]
        return older[-1] if older else None

    def next(self) -> str:
        """A name that sorts after all that are there, whatever they stand for."""
        numbers = [int(name) for name in self._entries() if name.isdigit() and len(name) < 20]
        return f"{max(numbers, default=0) + 1:08d}"

    def leftovers(self) -> list[str]:
        """What has a generation's name and is no folder."""
        return sorted(self._entries() - set(self.generations()))

    def _entries(self) -> set[str]:
        if not self.generations_path.is_dir():
            return set()
        return {path.name for path in self.generations_path.iterdir() if _NAME.fullmatch(path.name)}

    def rolled_back(self) -> tuple[str, int] | None:
        """(generation, its sequence) that a rollback left, while the pointer still leads to an older one."""
        try:
            name, sequence = read_plain(self.rolled_back_path, _POINTER_BYTES).decode("ascii").split()
            current = self.current()
        except (OSError, ValueError, StoreError):  # Only a memory: without it the next sync goes forward.
            return None
        if current is None or name <= current or not sequence.isdigit() or len(sequence) > 19:
            return None
        return name, int(sequence)

    def generation(self, name: str) -> Path:
        """Folder of a generation."""
        return self.generations_path / name

    def shard(self, name: str) -> Path:
        """The shard of a generation."""
        return self.generation(name) / "shard.sqlite"

    def digest(self, name: str) -> Path:
        """The file with the shard's SHA-256."""
        return self.generation(name) / "shard.sha256"

    def index(self, name: str) -> Path:
        """Folder of a generation's derived indexes."""
        return self.generation(name) / "index"
