"""The process that reads the catalogue for a server's index: `main` with an order as JSON.

It follows the change log as `ScanIndex` and `GraphIndex` do, beside the server and behind it in priority,
and hands over what it has made as files without a name. So a server that searches never parses a product.
It ends with the server, since its connection then closes.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import PocketshelfError, one_line
from pocketshelf_server import priority
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.search.graph import Graph, GraphIndex
from pocketshelf_server.search.mapped import map_arrays, write_arrays
from pocketshelf_server.search.scan import Block, ScanIndex
from pocketshelf_server.site import Site

__all__ = ["KINDS", "ReaderOrder", "main", "receive", "send"]

KINDS = ("scan", "graph")
HEAD = struct.Struct("<QI")
MOST_FILES = 3


@dataclass(frozen=True)
class ReaderOrder:
    """What it is to read.

    Attributes:
        site: whose catalogue.
        kind: of index, one of `KINDS`.
        awaited: it gives way only after its first answer, without which the server cannot start.
        threads: that build a graph; 0 for all.
    """

    site: str
    kind: str
    awaited: bool = False
    threads: int = 0


def main(arguments: list[str]) -> None:
    """Answer the server on the socket of this number, until it closes."""
    order = ReaderOrder(**json.loads(arguments[1]))
    priority.own(not order.awaited)
    priority.give_way(priority.HELPER)
    site = Site(Path(order.site))
    with socket.socket(fileno=int(arguments[0])) as connection, closing(open_catalogue(site)) as catalogue:
        is_graph = order.kind == "graph"
        reader = Reader(GraphIndex(catalogue, order.threads) if is_graph else ScanIndex(catalogue))
        while receive(connection) is not None:
            try:
                said, files = reader.refresh()
            except (PocketshelfError, OSError, MemoryError) as error:
                said, files = {"failed": one_line(error, 1000)}, []
            try:
                send(connection, said, files)
            except OSError:
                break  # The server has ended meanwhile.
            if order.awaited:
                order = replace(order, awaited=False)
                priority.own(True)
                priority.give_way(priority.HELPER)
    os._exit(0)


class Reader:
    """An index, and what of it has been handed over."""

    def __init__(self, index: ScanIndex | GraphIndex) -> None:
        self._index = index
        self._scan = index.scan if isinstance(index, GraphIndex) else index
        self._shared: np.ndarray | None = None

    def refresh(self) -> tuple[dict[str, Any], list[int]]:
        """What is new, as a document, and the files of its parts; raises as `VectorIndex.refresh`."""
        self._scan.refresh()
        said: dict[str, Any] = {"parts": []}
        files: list[int] = []

        def add(name: str, arrays: Mapping[str, np.ndarray], rest: Mapping[str, Any]) -> None:
            descriptor, layout = write_arrays(arrays)
            files.append(descriptor)
            said["parts"].append({"name": name, "layout": layout, "rest": rest})

        if anew := self._scan.base is not self._shared:
            arrays, rest = self._scan.state.base.to_arrays()
            add("base", arrays, rest)
            mapped = map_arrays(os.dup(files[0]), said["parts"][0]["layout"])
            self._scan.share(Block.of_arrays(mapped, rest))  # Once in memory, for both processes.
            self._shared = self._scan.base
        if isinstance(self._index, GraphIndex):
            self._index.refresh()
            if anew and isinstance(graph := self._index.graph, Graph):
                add("graph", {"graph": graph.save()}, {})
        state = self._scan.state
        arrays, rest = state.tail.to_arrays()
        add("tail", {**arrays, "dead": state.dead}, rest)
        return {**said, "sequence": state.sequence}, files


def send(connection: socket.socket, document: dict[str, Any], files: list[int]) -> None:
    """A message with files, which are closed here.

    Raises:
        OSError: nobody listens any more.
    """
    body = json.dumps(document).encode()
    try:
        socket.send_fds(connection, [HEAD.pack(len(body), len(files))], files)
        connection.sendall(body)
    finally:
        for descriptor in files:
            os.close(descriptor)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message; None when the other end is closed.

    Raises:
        OSError, ValueError: it breaks off.
    """
    head, files, _, _ = socket.recv_fds(connection, HEAD.size, MOST_FILES)
    if not head:
        return None
    length, _ = HEAD.unpack(head)
    body = b""
    while len(body) < length:
        if not (data := connection.recv(length - len(body))):
            raise ValueError("a message broke off")
        body += data
    return json.loads(body), list(files)


if __name__ == "__main__":
    main(sys.argv[1:])
