"""Errors as the page gets them: a status, a code, one line that names the remedy."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.kiosk.state.pin import PinWait, PinWrong
from pocketshelf.kiosk.worker import Busy, Refused, Stuck

__all__ = ["Problem", "install"]

_STATUS = {"photo_unreadable": 400, "usage": 400, "not_found": 404, "store": 503}
_CODES = {404: "not_found", 413: "photo_too_large"}
log = logging.getLogger("pocketshelf.kiosk")


class Problem(Exception):
    """Raise it anywhere in a request to answer with it."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after

    def response(self) -> Response:
        """The document."""
        response = jsonify({"error": {"code": self.code, "message": self.message}})
        response.status_code = self.status
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def install(app: Flask) -> None:
    """Let every error of ``app`` leave as such a document."""
    app.register_error_handler(Exception, lambda error: _problem(error).response())


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refused):
        return Problem(_STATUS.get(error.code, 500), error.code, str(error))
    if isinstance(error, Busy):
        return Problem(503, "busy", "one moment: another photo is being looked at", retry_after=1)
    if isinstance(error, Stuck):
        return Problem(503, "stuck", "this could not be looked at; try again, or take another photo", 2)
    if isinstance(error, HTTPException):
        status = error.code or 500
        return Problem(status, _CODES.get(status, "usage"), error.description or "not possible")
    return _other(error)


def _other(error: Exception) -> Problem:
    if isinstance(error, PinWait):
        return Problem(429, "pin_wait", str(error), error.seconds)
    if isinstance(error, PinWrong):
        return Problem(403, "pin", str(error))
    if isinstance(error, UsageError):
        return Problem(400, "usage", str(error))
    if isinstance(error, PocketshelfError):
        return Problem(503, "store", str(error))
    # Where it happened, and not what the error says: that may quote what was sent.
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s: %s\n%s", request.method, request.path, type(error).__name__, places)
    return Problem(500, "store", "an error of the kiosk; its log has the details")
