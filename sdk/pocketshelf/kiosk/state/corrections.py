"""What shoppers said it was instead: counts of first hit, chosen product, its place, category; no more."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.state.documents import UNREADABLE, read_document, write_document

__all__ = ["Correction", "Corrections"]

FORMAT, VERSION = "pocketshelf-kiosk-corrections", 1
# Kinds of corrections that are told apart; beyond, the rarest are forgotten.
MOST_KINDS = 5_000
LONGEST = 200
# Of so many kinds of three of the longest names each, in characters of four bytes: it is read again.
MOST_BYTES = 16_000_000
SHOWN = 48
log = logging.getLogger("pocketshelf.kiosk")


class Correction(NamedTuple):
    """A kind of correction.

    Attributes:
        first: what was shown first; chosen: what it was, None for nothing that was shown.
        place: at which place that stood, from 1; category: as the page took it.
    """

    first: str
    chosen: str | None
    place: int | None
    category: str | None


class Corrections:
    """The tally, in memory and in a file.

    Args:
        folder: where the file is; it is made when something is counted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "corrections.json"
        self._guard = threading.Lock()
        self._tally: Counter[Correction] = self._read()

    def add(self, shown: Any, chosen: Any, category: Any) -> None:
        """Count one.

        Args:
            shown: ids of the products that were shown, best first; chosen: that which it was, or None.

        Raises:
            UsageError: they are no such thing.
        """
        if not isinstance(shown, list) or not 1 <= len(shown) <= SHOWN or not all(map(_is_name, shown)):
            raise UsageError(f"'shown' is a list of 1 to {SHOWN} products' ids")
        if not all(value is None or _is_name(value) for value in (chosen, category)):
            raise UsageError("'chosen' and 'category' are names, or null")
        with self._guard:
            self._tally[Correction(shown[0], chosen, _place(shown, chosen), category)] += 1
            self._write()

    def to_json(self) -> dict[str, Any]:
        """The tally, the most frequent first."""
        with self._guard:
            rows = self._tally.most_common()
        return {"tally": [{**kind._asdict(), "count": count} for kind, count in rows]}

    def _write(self) -> None:
        if len(self._tally) > MOST_KINDS:
            self._tally = Counter(dict(self._tally.most_common(MOST_KINDS)))
        rows = [[*kind, count] for kind, count in self._tally.items()]
        try:
            write_document(self._path, {"format": FORMAT, "version": VERSION, "tally": rows})
        except OSError as error:  # They are counted on in memory.
            log.warning("%s: cannot be written (%s)", self._path, error)

    def _read(self) -> Counter[Correction]:
        try:
            document = read_document(self._path, FORMAT, VERSION, MOST_BYTES) or {"tally": []}
            return Counter({Correction(*kind): int(count) for *kind, count in document["tally"]})
        except UNREADABLE as error:
            log.warning("%s: cannot be read (%s); counting begins anew", self._path, error)
            return Counter()


def _place(shown: Sequence[str], chosen: str | None) -> int | None:
    return shown.index(chosen) + 1 if chosen in shown else None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST
