"""What staff can set from the page. A file that cannot be read means the defaults, and a warning."""

from __future__ import annotations

import errno
import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.state.documents import UNREADABLE, read_document, write_document

__all__ = ["Settings", "SettingsFile"]

FORMAT, VERSION = "pocketshelf-kiosk", 1
MOST_BYTES = 10_000
MOST_IDLE_S = 3600
FACINGS, THEMES = ("environment", "user"), ("auto", "light", "dark")
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_LANGUAGE = re.compile(r"auto|[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
log = logging.getLogger("pocketshelf.kiosk")


@dataclass(frozen=True)
class Settings:
    """What can be set.

    Attributes:
        language: "auto" (the browser's) or a tag of BCP 47, such as "de".
        idle_s: seconds without a touch until the page begins anew; 0 for never.
        facing: which camera is taken first, "environment" (the back one) or "user".
        corrections: whether "not it?" is counted.
        theme: "auto", "light" or "dark".
        live: whether boxes follow the live picture.
    """

    language: str = "auto"
    idle_s: int = 60
    facing: str = "environment"
    corrections: bool = False
    theme: str = "auto"
    live: bool = True

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self)

    def changed(self, wishes: Mapping[str, Any]) -> Settings:
        """These, with ``wishes`` in place of what they name.

        Raises:
            UsageError: an unknown name, or a value that it cannot have.
        """
        for name, value in wishes.items():
            if name not in _FITS:
                raise UsageError(f"unknown setting {str(name)[:40]!r}; there are {', '.join(_FITS)}")
            if not _FITS[name](value):
                raise UsageError(f"the setting {name!r} cannot be {str(value)[:40]!r}")
        return replace(self, **wishes)


def _is_language(value: Any) -> bool:
    return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None


def _is_idle(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_IDLE_S


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "language": _is_language,
    "idle_s": _is_idle,
    "facing": FACINGS.__contains__,
    "corrections": _is_bool,
    "theme": THEMES.__contains__,
    "live": _is_bool,
}


class SettingsFile:
    """The settings, and the file that they are kept in.

    Args:
        folder: where; it is made when something is written.
        defaults: what holds where nothing is kept.

    Attributes:
        current: the settings that hold.
        warning: what is wrong with the file, in words; None if nothing is.
        kept: False where what was set last could not be written, and ends with the kiosk.
    """

    def __init__(self, folder: Path, defaults: Settings | None = None) -> None:
        self._path = folder / "settings.json"
        self._guard = threading.Lock()
        self.warning: str | None = None
        self.kept = True
        self.current = self._read(defaults or Settings())

    def change(self, wishes: Mapping[str, Any]) -> None:
        """Take ``wishes`` up and keep them; where nothing can be written, they hold until the kiosk ends.

        Raises:
            UsageError: a wish that cannot be.
        """
        with self._guard:
            self.current = self.current.changed(wishes)
            document = {"format": FORMAT, "version": VERSION, "settings": self.current.to_json()}
            try:
                write_document(self._path, document)
                self.warning, self.kept = None, True
            except OSError as error:
                remedy = "free some space" if error.errno in FULL else "make their folder writable"
                self.kept = False
                self.warning = f"the settings cannot be kept ({error.strerror or error}); {remedy}"
                log.warning("%s: %s", self._path, self.warning)

    def _read(self, defaults: Settings) -> Settings:
        try:
            document = read_document(self._path, FORMAT, VERSION, MOST_BYTES)
            return defaults if document is None else defaults.changed(document["settings"])
        except (*UNREADABLE, UsageError) as error:
            self.warning = "the settings' file cannot be read; the defaults hold until something is set"
            log.warning("%s: %s (%s)", self._path, self.warning, error)
            return defaults
