"""How much a request may bring, decided by its head, before any of its body is read into memory."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pocketshelf.kiosk.report import PHOTO_BYTES
from pocketshelf.kiosk.web.bodies import FRAME_BYTES, JSON_BYTES
from pocketshelf.wsgi import SMALL, Refused

__all__ = ["KioskBodies"]

# What takes no body may still be sent an empty object by some clients.
NO_BODY = 1024
# Photos on their way at once, together: they are in memory.
ALL = 2 * PHOTO_BYTES
_TAKEN = {
    "/api/search": PHOTO_BYTES,
    "/api/detect": FRAME_BYTES,
    "/api/again": JSON_BYTES,
    "/api/corrections": JSON_BYTES,
    "/api/settings": JSON_BYTES,
}


class _Refusal(Refused):
    """A status and the document of `pocketshelf.kiosk.web.errors`."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self._status = status
        self._document = {"error": {"code": code, "message": message}}

    def answer_at(self, path: str) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers, body."""
        return self._status, [("Content-Type", "application/json")], json.dumps(self._document).encode()


class KioskBodies:
    """`pocketshelf.wsgi.Bodies` of a kiosk."""

    def most(self, method: str, path: str) -> int:
        """The most bytes of a request's body."""
        return _TAKEN.get(path, NO_BODY) if method == "POST" else NO_BODY

    def check_early(
        self, method: str, path: str, length: int, headers: Mapping[str, str], coming: int
    ) -> None:
        """Refuse a body by its length, or since too much is on its way.

        Raises:
            Refused: 413, 503.
        """
        most = self.most(method, path)
        if length > most:
            raise self.too_long(method, path, most)
        if length > SMALL and coming + length > ALL:
            message = "one moment: other photos are on their way"
            raise _Refusal("503 Service Unavailable", "busy", message)

    def too_long(self, method: str, path: str, most: int) -> Refused:
        """What is said of a body with more than ``most`` bytes."""
        if most < FRAME_BYTES:
            return _Refusal("413 Content Too Large", "usage", f"this takes at most {most} bytes")
        message = f"this photo has more than {most // 1_000_000} MB; send a smaller one"
        return _Refusal("413 Content Too Large", "photo_too_large", message)
