"""Who may ask: by which name (DNS rebinding), from which page (cross-site); and what pages may do."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.web.errors import Problem

__all__ = ["CONTENT_POLICY", "HEADERS", "install"]

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": "camera=(self), screen-wake-lock=(self), fullscreen=(self), microphone=(), "
    "geolocation=(), display-capture=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_READS = ("GET", "HEAD")


def install(app: Flask, names: Names) -> None:
    """Refuse what comes by another name, or from another page; and set the headers of every answer."""

    @app.before_request
    def check() -> None:
        _check_host(names)
        if request.method not in _READS:
            _check_origin()

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        if request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        return response


def _check_host(names: Names) -> None:
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        name = ""
    if name not in names:
        raise Problem(421, "host", "this kiosk does not go by this name; --name allows it")


def _check_origin() -> None:
    origin, host = request.headers.get("Origin"), request.host.casefold()
    if origin is None:
        fits = request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    else:
        fits = origin.casefold() in (f"http://{host}", f"https://{host}")
    if not fits:
        raise Problem(403, "origin", "only the kiosk's own page may ask for this")
