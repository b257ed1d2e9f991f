"""Whether a POST comes from a form of ours: by the browser's own words, and by what the form brings."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request

from pocketshelf_server.http.problems import Problem

__all__ = ["SignInForm", "require_csrf", "require_same_origin"]

ELSEWHERE = (
    "this was sent from another site's page, and is refused; open the console itself and send it there"
)
STALE = "this form is older than the session; go back, reload the page and send it again"


def require_same_origin(request: Request) -> None:
    """Refuse what another site's page sends.

    Raises:
        Problem: 403.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, ELSEWHERE)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Problem(403, f"{ELSEWHERE} (behind a proxy: it must pass the header Host on)")


def require_csrf(request: Request, expected: str) -> None:
    """Refuse a form without ``expected`` in its field ``csrf``.

    Raises:
        Problem: 403.
    """
    given = request.form.get("csrf", "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode()):
        raise Problem(403, STALE)


class SignInForm:
    """The same before there is a session: the form brings what follows from a cookie and a key in memory."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def cookie(self) -> str:
        """A new value for the cookie."""
        return secrets.token_urlsafe(16)

    def expected(self, cookie: str) -> str:
        """What the form of that cookie must bring."""
        return hmac.new(self._key, cookie.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
