"""Errors as problem details (RFC 9457, ``application/problem+json``)."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from pocketshelf.errors import CatalogueError, PhotoError, PocketshelfError, SpaceMismatch
from pocketshelf.wsgi.refusal import Refused, WsgiAnswer
from pocketshelf_server.photos import PhotoLost, PhotosBusy

__all__ = ["Problem", "document", "install"]

log = logging.getLogger("pocketshelf.server")


class Problem(Refused):
    """Raise it anywhere in a request to answer with ``status`` and a line that says what to do."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def answer_at(self, path: str) -> WsgiAnswer:
        """See `pocketshelf.wsgi.Refused`."""
        return document(self, path)

    def response(self) -> Response:
        """The problem document; its type is "about:blank", so its title is the status's phrase."""
        return _response(self.status, self.detail, self.headers)


def install(app: Flask) -> None:
    """Let every error of ``app`` leave as a problem document."""
    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(PocketshelfError, _from_own)
    app.register_error_handler(Exception, _from_bug)


def _from_http(error: HTTPException) -> Response:
    headers = {k: v for k, v in error.get_headers(request.environ) if k.lower() in ("allow", "retry-after")}
    if error.code == 416 and getattr(error, "length", None) is not None:
        headers["Content-Range"] = f"bytes */{error.length}"  # type: ignore[attr-defined]
    return _response(error.code or 500, error.description or "", headers)


def _from_own(error: PocketshelfError) -> Response:
    if isinstance(error, PhotoError):
        return _response(422, str(error))
    if isinstance(error, PhotosBusy):
        return _response(503, str(error), {"Retry-After": str(error.retry_after)})
    if isinstance(error, PhotoLost):
        return _response(500, str(error))
    if isinstance(error, SpaceMismatch):
        return _response(409, str(error))
    log.error("%s %s: %s", request.method, request.path, error)
    status = 503 if isinstance(error, CatalogueError) else 500
    return _response(status, "the server's catalogue cannot be read; try again later")


def _from_bug(error: Exception) -> Response:
    log.exception("%s %s", request.method, request.path, exc_info=error)
    return _response(500, "an error of the server; its log has the details")


def document(problem: Problem, path: str) -> WsgiAnswer:
    """A problem at ``path`` as WSGI has it: status line, headers, body."""
    phrase = HTTPStatus(problem.status).phrase
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
    }
    headers = [("Content-Type", "application/problem+json"), *problem.headers.items()]
    return f"{problem.status} {phrase}", headers, json.dumps(content, ensure_ascii=False).encode()


def _response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    line, fields, body = document(Problem(status, detail, headers), request.path)
    return Response(body, line, fields)
