"""HTTP(S) with the standard library alone: proxies, redirects and TLS as Python has them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

from pocketshelf.errors import Unreachable, one_line

__all__ = ["body_chunks", "open_url"]


def open_url(
    url: str, headers: dict[str, str], seconds: float, body: bytes | None = None
) -> http.client.HTTPResponse:
    """GET ``url``, or POST ``body`` to it; the answer's header must be there within ``seconds``.

    Raises:
        urllib.error.HTTPError: status 4xx or 5xx; the caller closes it.
        Unreachable: no connection, or no answer in time.
    """
    watchdog = _Watchdog(seconds)
    try:
        response = _opener(watchdog).open(urllib.request.Request(url, body, headers), timeout=seconds)
    except urllib.error.HTTPError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{url}: the server cannot be reached ({_reason(error)})") from error
    finally:
        watchdog.stop()
    if watchdog.has_cut:  # To the parser a header that was cut off looks like one that ended.
        response.close()
        raise Unreachable(f"{url}: the server did not answer within {seconds:g} s")
    return response


class _Watchdog:
    """Cuts a connection whose header does not arrive in time.

    A socket's time-out starts anew with every byte, so that a header sent a byte at a time would
    never end.
    """

    def __init__(self, seconds: float) -> None:
        self.has_cut = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        self._socket = connection

    def stop(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        if self._socket is not None:
            self.has_cut = True
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, watchdog: _Watchdog, **options: Any) -> None:
        super().__init__(*args, **options)
        self._watchdog = watchdog

    def connect(self) -> None:
        super().connect()
        self._watchdog.watch(self.sock)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS: `HTTPSConnection` lies between the two in the order of the bases."""


class _Handler(urllib.request.AbstractHTTPHandler):
    """HTTP and HTTPS over connections that the watchdog can cut."""

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def __init__(self, watchdog: _Watchdog) -> None:
        super().__init__()
        self._watchdog = watchdog

    def http_open(self, req: urllib.request.Request) -> Any:
        return self._open(_Connection, req)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self._open(_SecureConnection, req)

    def _open(self, connection: type[_Connection], req: urllib.request.Request) -> Any:
        return self.do_open(partial(connection, watchdog=self._watchdog), req)  # type: ignore[arg-type]


def _opener(watchdog: _Watchdog) -> urllib.request.OpenerDirector:
    """Only HTTP and HTTPS: urllib's default opener would follow file: and ftp: addresses, too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Handler(watchdog),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def body_chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """The body as it arrives; raises `Unreachable` when it stops doing so."""
    # read1 returns what has arrived; read would wait for the whole chunk, however slowly it drips.
    try:
        while chunk := response.read1(1 << 16):
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{url}: the connection broke ({_reason(error)})") from error


def _reason(error: BaseException) -> str:
    return one_line(getattr(error, "reason", None) or error)
