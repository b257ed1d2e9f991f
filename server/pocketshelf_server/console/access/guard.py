"""Before each page: who asks, and whether they may; after it: the headers that keep the page to itself."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from pocketshelf_server.console.access.forms import require_csrf, require_same_origin
from pocketshelf_server.console.access.sessions import Session, Sessions
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.http.problems import Problem

__all__ = ["COOKIE", "Guard", "session"]

COOKIE = "pocketshelf_console"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": with that, browsers send "Origin: null" along with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
NEEDS_SESSION = "sign in first, at /"
ONLY_READS = (
    "this session only reads; sign in with an operator's token "
    "(`pocketshelf-server token make SITE --name NAME --role operator`)"
)


def session() -> Session:
    """Who asks for the present page; there is one wherever `Guard.admit` has let it through."""
    return g.console_session


class Guard:
    """Lets in who is signed in.

    Args:
        public: endpoints that need no session, and guard their own forms.
        reading: endpoints that take a POST and change nothing of the site.
        polled: endpoints that a page asks for by itself, which is no sign of its person.
    """

    def __init__(
        self,
        sessions: Sessions,
        tokens: ConsoleTokens,
        public: frozenset[str],
        reading: frozenset[str],
        polled: frozenset[str],
    ) -> None:
        self._sessions, self._tokens = sessions, tokens
        self._public, self._reading, self._polled = public, reading, polled

    def admit(self) -> AnyResponse | None:
        """Before a page: None to go on, else where to go first.

        Raises:
            Problem: 401, 403.
        """
        endpoint = request.endpoint or ""
        if request.method == "POST":
            require_same_origin(request)
        if endpoint in self._public:
            g.console_session = self._found(request.cookies.get(COOKIE), touch=False)
            return None
        found = self._found(request.cookies.get(COOKIE), touch=endpoint not in self._polled)
        if found is None:
            return _to_sign_in()
        g.console_session = found
        if request.method == "POST":
            require_csrf(request, found.csrf)
            if endpoint not in self._reading and not found.token.role.changes:
                raise Problem(403, ONLY_READS)
        return None

    def check_head(self, headers: Mapping[str, str], changes: bool) -> None:
        """The same by a request's head, before a long body is read.

        Raises:
            Problem: 401, 403.
        """
        try:
            cookie = SimpleCookie(headers.get("COOKIE", "")).get(COOKIE)
        except CookieError:
            cookie = None
        found = self._found(cookie.value if cookie else None, touch=False)
        if found is None:
            raise Problem(401, NEEDS_SESSION)
        if changes and not found.token.role.changes:
            raise Problem(403, ONLY_READS)

    def close(self, response: Response) -> Response:
        """After a page: its headers."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _found(self, secret: str | None, touch: bool) -> Session | None:
        found = self._sessions.find(secret, touch)
        if found is None:
            return None
        known = self._tokens.of_digest(found.token.sha256)
        if known is None or known.role != found.token.role:
            self._sessions.close(secret)  # Its token was revoked, or has expired.
            return None
        return found


def _to_sign_in() -> AnyResponse:
    if request.headers.get("HX-Request"):
        return Response("", 401, {"HX-Redirect": "/"})
    if request.method != "GET":
        raise Problem(401, "you are signed out (after half an hour without a request); " + NEEDS_SESSION)
    return redirect(f"/?next={quote(request.full_path.rstrip('?'))}", 303)
