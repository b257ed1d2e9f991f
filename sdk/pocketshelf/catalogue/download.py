"""Pictures that a catalogue names by address: fetched once, kept, one after the other.

For whoever builds a store or imports a catalogue, where it is asked for; a device never fetches pictures.
Each is bounded in bytes and seconds, and kept under the digest of its address, so that a run that was cut off
goes on where it was; what is no picture is not kept. How servers are asked: `pocketshelf.network.polite`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES, fetched_name, whole_address
from pocketshelf.errors import CatalogueError, PhotoError, ServerError
from pocketshelf.network.polite import Polite
from pocketshelf.stages.preprocess.containers import read_container

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
        return self._folder / fetched_name(address)

    def __call__(self, address: str) -> bytes:
        """The picture at ``address``, from the folder if it was fetched before.

        Raises:
            PhotoError: it cannot be had.
        """
        path = self.path(address)
        with contextlib.suppress(FileNotFoundError):
            if _is_picture(kept := path.read_bytes()):
                return kept
        try:
            data = self._polite.get(whole_address(address), MAX_PICTURE_BYTES, "image/*")
        except ValueError as error:
            raise PhotoError(f"{address.rpartition('@')[2]}: is no address ({error})") from error
        except ServerError as error:
            raise PhotoError(str(error)) from error
        if not _is_picture(data):
            return data  # As a page of a shop under maintenance: another day the picture is there.
        try:
            unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            unfinished.write_bytes(data)
            os.replace(unfinished, path)  # noqa: PTH105 - a pair of strangers may both have fetched it
        except OSError as error:
            raise PhotoError(f"{whole_address(address)}: cannot be kept ({error.strerror})") from error
        return data


def _is_picture(data: bytes) -> bool:
    try:
        read_container(data)
    except PhotoError:
        return False
    return True
