"""Pictures inside a page: small JPEGs as data URLs, each gallery picture once."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import decode_photo

__all__ = ["Gallery", "data_url"]

PHOTO_SIDE, PRODUCT_SIDE = 440, 132
_PHOTO_QUALITY, _PRODUCT_QUALITY = 72, 76
# One transparent pixel, in the place of a photo that is gone.
_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def data_url(photo: str | Path | bytes, side: int = PHOTO_SIDE, quality: int = _PHOTO_QUALITY) -> str:
    """``photo``, upright, its longer side at most ``side`` pixels, as a ``data:`` URL.

    Raises:
        PhotoError: it cannot be read.
    """
    image = Image.fromarray(decode_photo(photo, side).pixels)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


class Gallery:
    """A page's pictures. Products' are style classes, so that one that answers many photos is in it once.

    Args:
        images: folder that the catalogue's pictures start from, and out of which none is taken: a page is
            handed on. None: there are no pictures.
        prefix: of the classes' names; another for each gallery of a page.
        what, option: whose pictures they are, and the command's option that names their folder.
        served: the file of a product's picture by its id, of those that a server found; None: it has none.
    """

    def __init__(
        self,
        images: Path | None,
        prefix: str = "p",
        what: str = "products",
        option: str = "--images",
        served: Callable[[str], bytes | None] = lambda product_id: None,
    ) -> None:
        self._folder = None if images is None else PictureFolder(images.resolve())
        self._prefix, self._what, self._option, self._served = prefix, what, option, served
        self._classes: dict[str, str] = {}
        self._served_classes: dict[str, str] = {}
        self._rules: list[str] = []
        self._gone: list[str] = []

    def photo(self, path: str | Path) -> str:
        """A photo as a ``data:`` URL; a blank one where it is gone since: what was found in it stays."""
        try:
            return data_url(path)
        except PhotoError:
            self._gone.append(str(path))
            return _BLANK

    def style_class(self, image: str | None) -> str:
        """The class that shows ``image``, as the catalogue names it; "none" where it cannot be read."""
        if image is None:
            return "none"
        if image not in self._classes:
            self._classes[image] = self._add(image)
        return self._classes[image]

    def served_class(self, product_id: str) -> str:
        """The same of a product that a server found."""
        if product_id not in self._served_classes:
            picture = self._served(product_id)
            self._served_classes[product_id] = "none" if picture is None else self._shown(picture)
        return self._served_classes[product_id]

    def _add(self, image: str) -> str:
        if self._folder is None:
            return "none"
        try:
            return self._shown(self._folder.path(image))
        except PhotoError:
            return "none"

    def _shown(self, picture: Path | bytes) -> str:
        try:
            url = data_url(picture, PRODUCT_SIDE, _PRODUCT_QUALITY)
        except PhotoError:
            return "none"
        name = f"{self._prefix}{len(self._rules)}"
        self._rules.append(f".{name}{{background-image:url({url})}}")
        return name

    def lacks(self) -> list[str]:
        """Which pictures that were asked for are not shown, and the remedy; nothing where all are."""
        asked, lost = len(self._classes), list(self._classes.values()).count("none")
        said = [f"{path}: the photo was searched, and cannot be shown now." for path in self._gone]
        if not lost:
            return said
        if self._folder is None:
            remedy = f"name the folder that they start from with {self._option}"
            return [*said, f"The pictures of {self._what} are not shown: {remedy}."]
        remedy = f"{self._option} is to name the folder that they start from"
        return [*said, f"{lost} of {asked} pictures of {self._what} cannot be read: {remedy}."]

    def rules(self) -> str:
        """The style sheet of all classes handed out: names and base64, which need no escaping."""
        return "\n".join(self._rules)
