"""A search API for pictures on loopback that is slow, busy, broken or hostile as a test says."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["SearchServer", "serving"]

# A fault takes the handler of a request, answers it and returns True; False lets it pass.
Fault = Callable[[Any], bool]


class SearchServer:
    """``/search?q=&page=&count=`` answers ``pictures`` of the query; ``/p/NAME`` a picture's bytes.

    Attributes:
        pictures: query → names of pictures, best first.
        files: name → bytes.
        faults: for the next requests, one each.
        key: that a search must bring, in the header X-Key.
        refused: queries that are answered by 400.
    """

    def __init__(self) -> None:
        self.pictures: dict[str, list[str]] = {}
        self.files: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.key = ""
        self.refused: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.url = ""

    def answer(self, handler: Any) -> None:
        self.asked[handler.path] += 1
        if self.faults and self.faults.pop(0)(handler):
            return
        parts = urlsplit(handler.path)
        if parts.path.startswith("/p/"):
            return reply(handler, self.files.get(parts.path[3:]), "image/jpeg")
        if self.key and handler.headers.get("X-Key") != self.key:
            return reply(handler, b"{}", "application/json", 401)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if query["q"] in self.refused:
            return reply(handler, b"{}", "application/json", 400)
        count, page = int(query.get("count", 2)), int(query.get("page", 1))
        names = self.pictures.get(query["q"], [])[(page - 1) * count : page * count]
        found = [{"title": f"{name} picture", "urls": {"full": f"{self.url}/p/{name}"}} for name in names]
        return reply(handler, json.dumps({"results": found}).encode(), "application/json")


def reply(handler: Any, body: bytes | None, kind: str, status: int = 200, **headers: str) -> None:
    """Answer; None: it is not there."""
    handler.send_response(404 if body is None else status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body or b"")))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body or b"")


@contextmanager
def serving() -> Iterator[SearchServer]:
    shop = SearchServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
