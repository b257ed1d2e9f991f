"""Pictures that a catalogue names by address: fetched once, kept, one after the other.

For whoever builds a store or imports a catalogue, where it is asked for; a device never fetches pictures.
Each is bounded in bytes and seconds, and kept under the digest of its address, so that a run that was cut off
goes on where it was. How servers are asked: `pocketshelf.network.polite`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES
from pocketshelf.errors import CatalogueError, PhotoError, ServerError
from pocketshelf.network.polite import Polite

__all__ = ["PictureCache", "default_cache"]


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

    Raises:
        CatalogueError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        polite: Polite | None = None,
    ) -> None:
        self._folder = folder or default_cache()
        self._polite = polite or Polite(sleep=sleep, clock=clock)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(
                f"{self._folder}: pictures cannot be kept there ({error.strerror})"
            ) from error

    def path(self, address: str) -> Path:
        """Where the picture at ``address`` lies once it was fetched."""
        return self._folder / hashlib.sha256(_whole(address).encode(errors="replace")).hexdigest()

    def __call__(self, address: str) -> bytes:
        """The picture at ``address``, from the folder if it was fetched before.

        Raises:
            PhotoError: it cannot be had.
        """
        path = self.path(address)
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        try:
            data = self._polite.get(_whole(address), MAX_PICTURE_BYTES, "image/*")
        except ValueError as error:
            raise PhotoError(f"{address.rpartition('@')[2]}: is no address ({error})") from error
        except ServerError as error:
            raise PhotoError(str(error)) from error
        try:
            unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            unfinished.write_bytes(data)
            os.replace(unfinished, path)  # noqa: PTH105 - a pair of strangers may both have fetched it
        except OSError as error:
            raise PhotoError(f"{_whole(address)}: cannot be kept ({error.strerror})") from error
        return data


def _whole(address: str) -> str:
    return f"https:{address}" if address.startswith("//") else address
