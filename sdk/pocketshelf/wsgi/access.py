"""The access log: one line a request, in the combined format of web servers, with the milliseconds behind it.

It tells neither queries nor headers, but for the client's name of itself; what is written is ASCII on one
line, so that no request can add lines of its own. Files turn over at 20 MB, five of them are kept.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import quote

from waitress.task import ErrorTask, Task, WSGITask

__all__ = ["AccessLog", "LoggedErrorTask", "LoggedTask"]

MAX_BYTES, FILES = 20_000_000, 5
MAX_TEXT = 200
log = logging.getLogger("pocketshelf.wsgi")


class AccessLog:
    """Writes to a file.

    Args:
        path: the file; "-" for standard error.
        token_sha256: digest of what must not be written even if somebody puts it into a path.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: str, token_sha256: str | None) -> None:
        self._token_sha256 = token_sha256
        self._handler: logging.Handler = logging.StreamHandler(sys.stderr) if path == "-" else _File(path)
        self._handler.setFormatter(logging.Formatter("%(message)s"))

    def add(self, task: Task) -> None:
        """Write the line of a request that was answered."""
        request = task.request
        environ = getattr(task, "environ", None) or {}
        address = _plain(environ.get("REMOTE_ADDR") or str(task.channel.addr[0]))
        when = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(task.start_time))
        asked = f"{_plain(getattr(request, 'command', '-'))} {self._path(getattr(request, 'path', '-'))}"
        agent = _plain(request.headers.get("USER_AGENT", "-"))
        answer = f"{task.status.split()[0]} {task.content_bytes_written}"
        took = f"{1000 * (time.time() - task.start_time):.1f}"
        line = f'{address} - - [{when}] "{asked} HTTP/{task.version}" {answer} "-" "{agent}" {took}'
        self._handler.handle(logging.LogRecord("access", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def _path(self, path: str) -> str:
        parts = path.encode("latin-1", "replace").split(b"/")
        kept = [b"..." if hashlib.sha256(part).hexdigest() == self._token_sha256 else part for part in parts]
        return quote(b"/".join(kept)[:MAX_TEXT])


class LoggedTask(WSGITask):
    """A request that the application answers, in the access log."""

    def service(self) -> None:
        """Answer, and write it down."""
        try:
            super().service()
        finally:
            self.channel.server.access.add(self)


class LoggedErrorTask(ErrorTask):
    """A request that was refused before the application saw it."""

    def service(self) -> None:
        """Answer, and write it down."""
        try:
            super().service()
        finally:
            self.channel.server.access.add(self)


class _File(RotatingFileHandler):
    def __init__(self, path: str) -> None:
        super().__init__(Path(path).absolute(), maxBytes=MAX_BYTES, backupCount=FILES - 1, encoding="ascii")

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk stops no answer."""
        log.warning("the access log cannot be written: %s", sys.exc_info()[1])


def _plain(text: str) -> str:
    """ASCII without quotes, backslashes and control characters; others as escapes."""
    escaped = text[:MAX_TEXT].encode("unicode_escape").decode("ascii")
    return escaped.replace('"', "'")
