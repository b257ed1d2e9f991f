"""The desk that reads the shop's pictures, beside the one that finds, so that neither waits for the other."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from pocketshelf.catalogue.pictures import PictureFolder, picture_names
from pocketshelf.errors import PhotoError, UsageError
from pocketshelf.kiosk.desk.opening import is_news, open_usable, standing_at
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.store import Store

__all__ = ["SIDES", "Clerk"]

SIDES = (160, 480, 1200)
QUALITY = 82


class Clerk:
    """Makes pictures of products small: the folder's, and what a server sent.

    Args:
        store: the shelf's folder.
        images, look_images: folders that the names of the catalogue's and the looks' pictures start from, out
            of which none is taken.

    Raises:
        StoreError: there is no shelf.
    """

    def __init__(self, store: str, images: str | None = None, look_images: str | None = None) -> None:
        self._path = Path(store)
        self._images = None if images is None else Path(images).resolve()
        self._look_folder = None if look_images is None else PictureFolder(Path(look_images).resolve())
        self._open()

    @property
    def revision(self) -> str:
        """Which shelf is open."""
        return self._store.generation

    def serve(self, do: str, wishes: Mapping[str, Any], body: bytes) -> bytes:
        """Carry out an order: ``picture``, ``look``, ``shrink`` or ``reload``.

        Raises:
            NotFound: there is no such picture.
        """
        if do == "reload":
            return json.dumps({"changed": self._reload()}).encode()
        if do == "look":
            return _scaled(self._look_folder, **wishes)
        if do == "shrink":
            return _small(body, **wishes)
        if do != "picture":
            raise UsageError(f"no such order: {do}")
        return self._picture(**wishes)

    def _open(self) -> None:
        self._pointed = standing_at(self._path)
        self._store, _ = open_usable(self._path, _itself)
        # Names are listed once a shelf: a picture that is added later is seen with the next.
        self._folder = None if self._images is None else PictureFolder(self._images)

    def _reload(self) -> bool:
        if not is_news(self._pointed, standing_at(self._path)):
            return False
        old = self._store
        self._open()
        old.close()
        return True

    def _picture(self, id: str, number: int, side: int) -> bytes:
        names = self._names(id)
        # Who finds may have taken up a new shelf already, with products that are not in this one yet.
        if not 0 <= number < len(names) and self._reload():
            names = self._names(id)
        if not 0 <= number < len(names):
            raise NotFound("no such picture")
        return _scaled(self._folder, names[number], side)

    def _names(self, id: str) -> tuple[str, ...]:
        product = self._store.product(id)
        return picture_names(product.image) if product is not None and product.image else ()


def _scaled(folder: PictureFolder | None, image: str, side: int) -> bytes:
    """A picture of the folder as a JPEG, its longer side at most ``side`` pixels."""
    if folder is None:
        raise NotFound("no such picture")
    try:
        return _small(folder.path(image), side)
    except PhotoError as error:
        raise NotFound("no such picture, or it cannot be read") from error


def _small(picture: Path | bytes, side: int) -> bytes:
    if side not in SIDES:
        raise NotFound("no such picture")
    try:
        photo = decode_photo(picture, side)
    except PhotoError as error:
        raise NotFound("no such picture, or it cannot be read") from error
    stream = io.BytesIO()
    Image.fromarray(photo.pixels).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _itself(store: Store) -> Store:
    return store
