"""Pictures that a catalogue names by address: fetched one after the other, kept, asked for again by the day.

For whoever builds a store or imports a catalogue, where it is asked for; a device never fetches pictures.
Each is bounded in bytes and seconds, and kept under the digest of its address, so that a run that was cut off
goes on where it was; what is no picture is not kept. How servers are asked: `pocketshelf.network.polite`.

A shop may put another picture in the place of one. So a kept one is asked for again by its tags
(`pocketshelf.catalogue.kept`); a server that errs, or has a page there, keeps it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from pocketshelf.catalogue.kept import Tags
from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES, fetched_name, whole_address
from pocketshelf.errors import CatalogueError, PhotoError, ServerError, Unreachable
from pocketshelf.network.polite import Got, Polite
from pocketshelf.stages.preprocess.containers import read_container

__all__ = ["PictureCache", "default_cache"]

ACCEPT = "image/*"


def default_cache() -> Path:
    """The folder where fetched pictures are kept between runs."""
    from platformdirs import user_cache_path

    return user_cache_path("pocketshelf", appauthor=False, opinion=False) / "pictures"


class PictureCache:
    """Fetches pictures into a folder; may be called from several threads.

    Args:
        folder: made if it is not there.
        sleep, clock: seconds.
        polite: how servers are asked, in place of the two before.
        again: whether what is kept is asked for again.
        now: seconds since 1970.

    Raises:
        CatalogueError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        polite: Polite | None = None,
        again: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder or default_cache()
        self._polite = polite or Polite(sleep=sleep, clock=clock)
        self._again, self._now = again, now
        self._guard = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._away: set[str] = set()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(
                f"{self._folder}: pictures cannot be kept there ({error.strerror})"
            ) from error

    def path(self, address: str) -> Path:
        """Where the picture at ``address`` lies once it was fetched."""
        return self._folder / fetched_name(address)

    def __call__(self, address: str) -> bytes:
        """The picture at ``address``, from the folder if it was fetched before and is the server's still.

        Raises:
            PhotoError: it cannot be had; of `Unreachable`, where another day may help.
        """
        path = self.path(address)
        with contextlib.suppress(FileNotFoundError):
            if _is_picture(kept := path.read_bytes()):
                return self._changed(address, path, kept) or kept
        try:
            got = self._polite.ask(whole_address(address), MAX_PICTURE_BYTES, ACCEPT)
        except ValueError as error:
            raise PhotoError(f"{address.rpartition('@')[2]}: is no address ({error})") from error
        except ServerError as error:
            raise PhotoError(str(error)) from error
        data = got.data or b""
        if not _is_picture(data):
            return data  # As a page of a shop under maintenance: another day the picture is there.
        try:
            self._keep(path, data, got)
        except OSError as error:
            raise PhotoError(f"{whole_address(address)}: cannot be kept ({error.strerror})") from error
        return data

    def _changed(self, address: str, path: Path, kept: bytes) -> bytes | None:
        """What the server has instead of ``kept``; None where it has the same, errs, or was asked lately."""
        if not self._again or not Tags.of(path).is_due(path, self._now()):
            return None
        host = urllib.parse.urlsplit(whole_address(address)).netloc.rpartition("@")[2]
        with self._guard:
            lock = self._asking.setdefault(host, threading.Lock())
        with lock:
            tags = Tags.of(path)
            # Another thread may have asked for it meanwhile, or found that nobody is there.
            if host in self._away or not tags.is_due(path, self._now()):
                return None
            try:
                got = self._polite.ask(
                    whole_address(address), MAX_PICTURE_BYTES, ACCEPT, condition=tags.condition(kept), tries=1
                )
            except Unreachable:
                self._away.add(host)
                return None
            except (ServerError, ValueError):
                got = Got(None)
            return self._taken(path, kept, tags, got)

    def _taken(self, path: Path, kept: bytes, tags: Tags, got: Got) -> bytes | None:
        data = got.data
        with contextlib.suppress(OSError):  # A folder that is full or read-only keeps what it has.
            if data is None or not _is_picture(data):
                tags.keep(path, self._now())
            elif data == kept:
                Tags.made(data, got).keep(path, self._now())
            else:
                self._keep(path, data, got)
                return data
        return None

    def _keep(self, path: Path, data: bytes, got: Got) -> None:
        unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        unfinished.write_bytes(data)
        os.replace(unfinished, path)  # noqa: PTH105 - a pair of strangers may both have fetched it
        with contextlib.suppress(OSError):  # Without tags it is asked for whole, another day.
            Tags.made(data, got).keep(path, self._now())


def _is_picture(data: bytes) -> bool:
    try:
        read_container(data)
    except PhotoError:
        return False
    return True
