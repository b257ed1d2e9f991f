"""How much a request may bring: decided by its head, before any of its body is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pocketshelf.wsgi import SMALL
from pocketshelf_server.http.admission import check_token
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import Photos, PhotosBusy
from pocketshelf_server.site import SiteConfig

__all__ = ["NO_PHOTOS", "Door", "Lengths"]

NO_PHOTOS = "this server takes no photos: embed on the device and POST to /v1/search"

# What takes no body may still be sent an empty object by some clients.
NO_BODY = 1024
SEARCH = 1_000_000
CHANGES = 16_000_000
FORM = 100_000  # Of a photo's form beside the photo.
# Bodies on their way at once, together.
ALL = 512_000_000


@dataclass(frozen=True)
class Door:
    """A path that takes bodies by POST, beside those of the devices.

    Attributes:
        most: bytes of a body.
        check: given the head (names as ``COOKIE``), raises `Problem` where a long body would come in vain.
    """

    most: int
    check: Callable[[Mapping[str, str]], None] = lambda headers: None


class Lengths:
    """The largest body of each request.

    Args:
        photos: reads photos; None if none are taken.
        doors: further paths that take bodies.
    """

    def __init__(
        self, config: SiteConfig, photos: Photos | None, doors: Mapping[str, Door] | None = None
    ) -> None:
        self._config = config
        self._photos = photos
        self._doors = dict(doors or {})

    def most(self, method: str, path: str) -> int:
        """The most bytes that a request may bring."""
        if method != "POST":
            return NO_BODY
        taken = {
            "/v1/search": SEARCH,
            "/v1/changes": CHANGES,
            "/v1/search/photo": self._config.max_photo_bytes + FORM,
        }
        door = self._doors.get(path)
        return taken.get(path, NO_BODY) if door is None else door.most

    def check(self, method: str, path: str, length: int) -> None:
        """Refuse a body by its length.

        Raises:
            Problem: 413.
        """
        most = self.most(method, path)
        if length > most:
            what = "takes no body" if most == NO_BODY else f"takes at most {most} bytes"
            raise Problem(413, f"{method} {path[:100]} {what}; this one has {length}")

    def check_early(
        self, method: str, path: str, length: int, headers: Mapping[str, str], coming: int
    ) -> None:
        """The same before the body is read, and what else makes it useless to read a long one.

        Args:
            headers: of the request, named as ``AUTHORIZATION``.
            coming: bytes of the other long bodies that are on their way.

        Raises:
            Problem: 413; 401 or 403 where a token is missing, 404 where no photos are taken, 503 when too
                much comes at once.
        """
        self.check(method, path, length)
        if length <= SMALL:
            return
        if path == "/v1/changes":
            check_token(headers.get("AUTHORIZATION"), self._config.token_sha256)
            return  # Nothing that others send keeps the shop out.
        if coming + length > ALL:
            raise Problem(503, "too much is being sent at once; try again", {"Retry-After": "5"})
        if path == "/v1/search/photo":
            self._check_photo()
        if door := self._doors.get(path):
            door.check(headers)

    def too_long(self, method: str, path: str, most: int) -> Problem:
        """See `pocketshelf.wsgi.Bodies`."""
        return Problem(413, f"{method} {path[:100]} takes at most {most} bytes")

    def _check_photo(self) -> None:
        if self._photos is None:
            raise Problem(404, NO_PHOTOS)
        try:
            self._photos.check()
        except PhotosBusy as busy:
            raise Problem(503, str(busy), {"Retry-After": str(busy.retry_after)}) from busy
