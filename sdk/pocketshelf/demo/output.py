"""The folder that a demo writes: only what a demo wrote before is ever replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

from pocketshelf.errors import StoreError, UsageError
from pocketshelf.files import atomic_write

__all__ = ["OutputFolder"]

_MARKER = ".pocketshelf-demo"
_MARKER_TEXT = "Made by `pocketshelf demo`, which replaces what it wrote here when it runs again.\n"


class OutputFolder:
    """Paths in a demo's folder.

    Attributes:
        page: the HTML page.
        report: the JSON document.
        store, site: folders of the store and of the server.
        log: what the server said.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.page = self.path / "index.html"
        self.report = self.path / "report.json"
        self.store = self.path / "store"
        self.site = self.path / "site"
        self.log = self.path / "server.log"

    def prepare(self, data: Path | None) -> None:
        """Make the folder, or clear what a former demo left in it.

        Args:
            data: folder of real photos, in which nothing is written.

        Raises:
            UsageError: the folder is someone else's, or lies in ``data``.
            StoreError: it cannot be written.
        """
        if data is not None and self.path.resolve().is_relative_to(data.resolve()):
            raise UsageError(f"{self.path}: lies in the folder of the photos; choose another --out")
        try:
            self._refuse_foreign()
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / _MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
            for made in (self.page, self.report, self.log, self.store, self.site):
                _remove(made)
        except OSError as error:
            raise StoreError(
                f"{self.path}: cannot be written ({error.strerror}); choose another --out"
            ) from error

    def _refuse_foreign(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: is no folder; choose another --out")
        if any(self.path.iterdir()) and not (self.path / _MARKER).is_file():
            raise UsageError(f"{self.path}: is not empty, and no demo made it; choose another --out")

    def write(self, path: Path, text: str) -> None:
        """Write a file of the folder at once.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            with atomic_write(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({error.strerror})") from error


def _remove(path: Path) -> None:
    """A link is removed, never what it leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
