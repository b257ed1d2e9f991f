"""HTTP(S) with the standard library alone: proxies, redirects and TLS as Python has them.

Every wait ends by the wall clock: a socket's own time-out starts anew with every byte, so that what comes
a byte at a time would never end, and a name that is looked up cannot be interrupted at all.

A redirect never leads from TLS to none, nor from a public address to one that is not: no server of the
internet has a device, or who imports a catalogue, ask what only this machine or its network can reach.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pocketshelf.errors import Unreachable, one_line, reason
from pocketshelf.network.address import is_public, split_credentials
from pocketshelf.network.deadline import Late, within

__all__ = ["Reply", "body_chunks", "exchange", "is_sign_in", "open_url", "sign_in"]

T = TypeVar("T")

MAX_PROBLEM_BYTES = 10_000
# What urllib and http.client raise about an answer that is none.
_BROKEN = (OSError, http.client.HTTPException, ValueError)
# What TLS finds where none is spoken: an answer in words, or a connection that is closed upon its greeting.
_NO_TLS = ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")


@dataclass(frozen=True)
class Reply:
    """A whole answer.

    Attributes:
        location: where a redirect leads that was not followed.
        body: of an error at most `MAX_PROBLEM_BYTES`.
    """

    status: int
    reason: str
    content_type: str
    location: str | None
    body: bytes


def open_url(
    url: str,
    headers: dict[str, str],
    seconds: float,
    body: bytes | None = None,
    private: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    """GET ``url``, or POST ``body`` to it; the answer's header must be there within ``seconds``.

    Credentials in the address are sent as HTTP's basic authentication, and not to where it redirects. Only
    a GET is redirected: a POST's body belongs to whom it was addressed to.

    Args:
        private: headers that, like credentials, are not sent to where it redirects.

    Raises:
        urllib.error.HTTPError: status 4xx or 5xx, or a POST was redirected; the caller closes it.
        Unreachable: no connection, or no answer in time.
    """
    return _within(url, seconds, lambda wire: _open(wire, url, headers, body, private))


def exchange(url: str, headers: dict[str, str], seconds: float, body: bytes | None, most: int) -> Reply:
    """The whole of an answer, whatever its status, of at most ``most`` bytes, within ``seconds`` in all.

    Raises:
        Unreachable: no connection, or the answer is too long or not there in time.
    """

    def whole(wire: _Wire) -> Reply:
        try:
            with _open(wire, url, headers, body) as response:
                return _reply(response, response.reason, _at_most(body_chunks(response, url), most, url))
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error, error.reason, error.read(MAX_PROBLEM_BYTES))

    return _within(url, seconds, whole)


def is_sign_in(status: int, content_type: str, start: bytes = b"") -> bool:
    """Whether a network's own page answered instead of the server: a captive portal (RFC 8910).

    Args:
        start: the body's first bytes, if they are known. No file and no answer of ours begins like a page.
    """
    page = content_type.lower().startswith(("text/html", "application/xhtml"))
    return status == 511 or (
        200 <= status < 400 and (page or start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<")
    )


def sign_in(url: str, page: str | None = None) -> Unreachable:
    """What to say of it, with the address of its page."""
    where = f" at {one_line(page, 100)}" if page else ""
    return Unreachable(
        f"{url}: a web page{where} answered instead of the server, as a captive portal does; "
        "sign in to this network, or check the address"
    )


def body_chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """The body as it arrives; raises `Unreachable` when it stops doing so."""
    # read1 returns what has arrived; read would wait for the whole chunk, however slowly it drips.
    try:
        while chunk := response.read1(1 << 16):
            yield chunk
    except _BROKEN as error:
        raise Unreachable(f"{url}: the connection broke ({_reason(error)})") from error


def _within(url: str, seconds: float, work: Callable[[_Wire], T]) -> T:
    wire = _Wire(seconds)
    try:
        result = within(seconds, partial(work, wire))
    except BaseException as error:
        wire.cut()
        if isinstance(error, Late):
            raise Unreachable(f"{url}: the server did not answer within {seconds:g} s") from error
        if isinstance(error, urllib.error.HTTPError) or not isinstance(error, _BROKEN):
            raise
        raise Unreachable(f"{url}: the server cannot be reached ({_reason(error, url)})") from error
    wire.release()
    return result


def _open(
    wire: _Wire,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    private: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    plain, authorization = split_credentials(url)
    request = urllib.request.Request(plain, body, headers)
    for name, value in (private or {}).items():
        request.add_unredirected_header(name, value)
    if authorization is not None:
        request.add_unredirected_header("Authorization", authorization)
    response = _opener(wire).open(request, timeout=wire.seconds)
    wire.require()
    return response


def _at_most(chunks: Iterator[bytes], most: int, url: str) -> bytes:
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) > most:
            raise Unreachable(f"{url}: the answer is longer than {most} bytes")
    return bytes(gathered)


def _reply(answer: Any, reason: str, body: bytes) -> Reply:
    kind, location = answer.headers.get("Content-Type") or "", answer.headers.get("Location")
    return Reply(answer.status, str(reason), str(kind), location and str(location), body)


class _Wire:
    """The connection of one request, so that another thread can cut it when its time is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._guard = threading.Lock()
        self._is_cut = False
        self._is_public: bool | None = None
        self._twin: socket.socket | None = None

    def connect(self, address: tuple[str, int], timeout: Any, source: Any = None) -> socket.socket:
        """`socket.create_connection`, for `http.client`."""
        left = max(self._deadline - time.monotonic(), 0.001)
        connection = socket.create_connection(address, left, source)
        connection.settimeout(self.seconds)
        self._check_peer(connection)
        with self._guard:
            self._drop()
            # A second handle of the same connection: TLS takes the first one away from us.
            self._twin = connection.dup()
        self.require()
        return connection

    def _check_peer(self, connection: socket.socket) -> None:
        """By whom is reached at last, not by what its name was looked up to before anybody connected."""
        reached_public = is_public(connection.getpeername()[0])
        if self._is_public and not reached_public:
            connection.close()
            raise ConnectionRefusedError(
                "it sends us on into a private network, as a captive portal does; sign in to this network, "
                "or check the address"
            )
        self._is_public = reached_public

    def require(self) -> None:
        """To the parser a header that was cut off looks like one that ended.

        Raises:
            TimeoutError: the connection was cut.
        """
        if self._is_cut:
            self.cut()
            raise TimeoutError("timed out")

    def cut(self) -> None:
        """End the connection, and any that is made later."""
        with self._guard:
            self._is_cut = True
            if self._twin is not None:
                with contextlib.suppress(OSError):
                    self._twin.shutdown(socket.SHUT_RDWR)
            self._drop()

    def release(self) -> None:
        """Leave the connection to whoever reads the answer."""
        with self._guard:
            self._drop()

    def _drop(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, wire: _Wire, **options: Any) -> None:
        super().__init__(*args, **options)
        self._create_connection = wire.connect


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS: `HTTPSConnection` lies between the two in the order of the bases."""


class _Handler(urllib.request.AbstractHTTPHandler):
    """HTTP and HTTPS over connections that can be cut."""

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._wire = wire

    def http_open(self, req: urllib.request.Request) -> Any:
        return self._open(_Connection, req)

    def https_open(self, req: urllib.request.Request) -> Any:
        return self._open(_SecureConnection, req)

    def _open(self, connection: type[_Connection], req: urllib.request.Request) -> Any:
        return self.do_open(partial(connection, wire=self._wire), req)  # type: ignore[arg-type]


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.data is not None:
            return None
        if req.type == "https" and not newurl.lower().startswith("https:"):
            fp.close()
            raise ConnectionRefusedError("it sends us on from https to what is none; check the address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(wire: _Wire) -> urllib.request.OpenerDirector:
    """Only HTTP and HTTPS: urllib's default opener would follow file: and ftp: addresses, too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Handler(wire),
        _Redirects(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _reason(error: BaseException, url: str = "") -> str:
    """Why there was no answer; with a guess where one of the two speaks TLS, and the other does not."""
    cause: Any = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
        return (
            "it does not seem to speak TLS there; check the address and its port, and write http:// only "
            "where no TLS is meant"
        )
    why = one_line(cause) if isinstance(cause, ssl.SSLError) else reason(cause)
    if isinstance(cause, ConnectionResetError | http.client.BadStatusLine) and url.startswith("http://"):
        return f"{why}; where it speaks TLS, the address begins with https://"
    return why
