"""Pictures of a shelf's products, brought from its server into a folder: a shelf itself holds none.

For a screen that shows what it found, such as the kiosk's. All pictures are asked for, whatever is searched,
so that the server learns nothing of a search. They are not signed as a shelf is: send them over TLS. What
lies in the folder already stays, but for what was brought before and has changed, or whose product is gone.
A picture has changed where its name or its product's vectors have: a new price brings no picture anew.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.errors import PhotoError, ServerError, StoreError, Unreachable, one_line
from pocketshelf.files import atomic_write, read_plain
from pocketshelf.formats import strict_json
from pocketshelf.network.address import server_address
from pocketshelf.network.http import is_sign_in, sign_in
from pocketshelf.network.polite import Polite
from pocketshelf.store import Store

__all__ = ["PicturesReport", "bring_pictures"]

RECORD = ".pocketshelf-pictures.json"
FORMAT, VERSION = "pocketshelf-pictures", 2
# Version 1 had the number of the product's change in the place of a digest.
SEEN = re.compile("[0-9a-f]{16}|[0-9]+")
MOST_RECORD_BYTES = 500_000_000
SIDE = 1200
MOST_BYTES = 2_000_000
JPEG = b"\xff\xd8\xff"
# So many pictures lie between two writings of the record.
EACH = 200
# What a server had not is asked for again after so long.
PATIENCE_S = 86_400.0
# So much of the volume stays free: the shelf, which pictures are for, needs room, too.
LEFT_FREE = 200_000_000
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass
class PicturesReport:
    """What was done.

    Attributes:
        brought, had: pictures that came now, and that were there.
        lacking: pictures that the server has not, as far as is known, or that cannot lie in the folder.
        removed: pictures of products that are gone.
        why: why it ended before its end, in one line; the next time goes on there.
    """

    brought: int = 0
    had: int = 0
    lacking: int = 0
    removed: int = 0
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Wanted:
    """A picture of the shelf.

    Attributes:
        seen: what tells it from an earlier picture of the product: a digest of its name and the vectors.
        path: where it is to lie.
    """

    product_id: str
    seen: str
    path: Path


def bring_pictures(
    store: Store,
    server_url: str,
    folder: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
    polite: Polite | None = None,
    now: Callable[[], float] = time.time,
) -> PicturesReport:
    """Fetch what ``folder`` lacks of the first pictures of the store's products, 1,200 pixels at most.

    Args:
        server_url: the address below which ``/v1/pictures`` lies.
        folder: where the catalogue's names of pictures start from; made if it is not there.
        progress: called with how many of how many products were looked at.
        stop: ends it early, when it is true.
        polite: how the server is asked. now: seconds since 1970.

    Raises:
        UsageError: ``server_url`` is no address.
        StoreError: the folder cannot be written, or its volume but for 200 MB is full; what came counts.
    """
    address = server_address(server_url) + "/v1/pictures"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record = _Record(folder, now)
        return _brought(store, address, record, progress, stop, polite or Polite())
    except OSError as error:
        remedy = "; free some space" if error.errno in _FULL else ""
        raise StoreError(f"{folder}: pictures cannot be kept there ({error.strerror}){remedy}") from error


def _brought(
    store: Store,
    address: str,
    record: _Record,
    progress: Callable[[int, int], None],
    stop: Callable[[], bool],
    polite: Polite,
) -> PicturesReport:
    report = PicturesReport()
    wanted = list(_wanted(store, record, report))
    try:
        for number, each in enumerate(wanted):
            progress(number, len(wanted))
            if stop():
                report.why = "stopped"
                break
            if record.holds(each):
                report.had += 1
                continue
            if record.lacks(each) or not _bring(each, address, record, polite):
                record.miss(each)
                report.lacking += 1
                continue
            report.brought += 1
            if report.brought % EACH == 0:
                record.write()
        else:
            progress(len(wanted), len(wanted))
            report.removed = record.keep_only(wanted)
    except Unreachable as error:
        report.why = one_line(error, 300)
    finally:
        record.write()
    return report


def _wanted(store: Store, record: _Record, report: PicturesReport) -> Iterator[_Wanted]:
    """Each file once, though several products name it."""
    places, taken = PictureFolder(record.folder), set[Path]()
    rows = store.shard.query(
        "SELECT product_id, image, vectors FROM products WHERE image IS NOT NULL ORDER BY product_id"
    )
    for product_id, image, vectors in rows:
        try:
            path = places.place(image, record.brought_it)
        except PhotoError:
            report.lacking += 1
            continue
        if path not in taken:
            taken.add(path)
            seen = hashlib.sha256(image.encode() + b"\0" + vectors).hexdigest()[:16]
            yield _Wanted(product_id, seen, path)


def _bring(wanted: _Wanted, address: str, record: _Record, polite: Polite) -> bool:
    """Whether it came.

    Raises:
        Unreachable: the server is away.
    """
    # The server does not read "seen": to what keeps answers on the way, a changed picture is another address.
    query = {"product_id": wanted.product_id, "side": SIDE, "seen": wanted.seen}
    url = f"{address}?{urlencode(query)}"
    try:
        picture = polite.get(url, MOST_BYTES, "image/jpeg")
    except Unreachable:
        raise
    except ServerError:
        return False
    if is_sign_in(200, "", picture[:64]):
        raise sign_in(address)
    if not picture.startswith(JPEG):
        return False
    try:
        if shutil.disk_usage(record.folder).free < LEFT_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(wanted.path) as temporary:
            temporary.write_bytes(picture)
    except OSError as error:
        if error.errno in _FULL or isinstance(error, PermissionError):
            raise
        return False  # Another picture's folder has its name, or the name is too long here.
    record.note(wanted)
    return True


@dataclass
class _Record:
    """Which files of a folder were brought, and which pictures they are (`_Wanted.seen`)."""

    folder: Path
    now: Callable[[], float]
    brought: dict[str, str] = field(init=False)
    missed: dict[str, tuple[str, float]] = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.brought, self.missed = _read(self.folder / RECORD)

    def holds(self, wanted: _Wanted) -> bool:
        """Whether it is there and as it should be. What somebody else put there is as it should be."""
        seen = self.brought.get(self._name(wanted.path))
        return wanted.path.is_file() and seen in (None, wanted.seen)

    def brought_it(self, path: Path) -> bool:
        """Whether it came from the server."""
        return self._name(path) in self.brought

    def lacks(self, wanted: _Wanted) -> bool:
        """Whether it was asked for in vain a while ago, and nothing has changed since."""
        seen, when = self.missed.get(self._name(wanted.path), ("", 0.0))
        return seen == wanted.seen and 0 <= self.now() - when < PATIENCE_S

    def note(self, wanted: _Wanted) -> None:
        """It came."""
        self.brought[self._name(wanted.path)] = wanted.seen
        self.missed.pop(self._name(wanted.path), None)

    def miss(self, wanted: _Wanted) -> None:
        """It did not."""
        if not self.lacks(wanted):
            self.missed[self._name(wanted.path)] = wanted.seen, self.now()

    def keep_only(self, wanted: list[_Wanted]) -> int:
        """Remove what was brought and nobody wants any more; how many that were."""
        names = {self._name(each.path) for each in wanted}
        gone = [name for name in self.brought if name not in names]
        for name in gone:
            if not (self.folder / name).is_dir():  # Else somebody put another thing there.
                (self.folder / name).unlink(missing_ok=True)
            del self.brought[name]
        self.missed = {name: when for name, when in self.missed.items() if name in names}
        return len(gone)

    def write(self) -> None:
        """Keep it beside the pictures."""
        known = {"pictures": self.brought, "missed": self.missed}
        document = {"format": FORMAT, "version": VERSION, **known}
        with atomic_write(self.folder / RECORD) as temporary:
            temporary.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _read(path: Path) -> tuple[dict[str, str], dict[str, tuple[str, float]]]:
    """What was noted; nothing where that cannot be read: then all that is there is somebody else's."""
    try:
        document = strict_json.loads(read_plain(path, MOST_RECORD_BYTES))
        if document["format"] != FORMAT or document["version"] not in (1, VERSION):
            return {}, {}
        brought = {name: _seen(seen) for name, seen in document["pictures"].items() if _is_ours(path, name)}
        missed = {name: (_seen(seen), float(when)) for name, (seen, when) in document["missed"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}
    return brought, missed


def _seen(noted: object) -> str:
    if not SEEN.fullmatch(text := str(noted)):
        raise ValueError("which picture it is was not noted")
    return text


def _is_ours(record: Path, name: str) -> bool:
    """Whether it lies in this folder: what is noted may be removed."""
    path = (record.parent / name).resolve()
    return path != record and path.is_relative_to(record.parent)
