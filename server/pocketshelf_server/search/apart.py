"""An index whose catalogue another process reads (`reader`): the server maps what that has made.

To read 100,000 products takes a second or two of Python, for which a thread of the server would hold up the
searches beside it. Here a refresh costs the server a system call, and one array is put in place of another.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.graph import Graph
from pocketshelf_server.search.mapped import map_arrays
from pocketshelf_server.search.reader import KINDS, ReaderOrder, receive, send
from pocketshelf_server.search.scan import Block, ScanState
from pocketshelf_server.site import Site
from pocketshelf_server.trust.keys import PASSPHRASE_VARIABLE

__all__ = ["ApartIndex", "can_be_apart"]

MAIN = "import sys; from pocketshelf_server.search.reader import main; main(sys.argv[1:])"
END_SECONDS = 5.0


def can_be_apart(kind: str) -> bool:
    """Whether the index ``kind`` can be read by another process: those in the server's own memory."""
    return kind in KINDS and hasattr(socket, "send_fds")


class ApartIndex:
    """A `pocketshelf_server.search.VectorIndex`: "scan" or "graph", read beside.

    Args:
        catalogue: of ``site``.
        threads: that build a graph; 0 for all.
    """

    def __init__(self, kind: str, catalogue: Catalogue, site: Site, threads: int = 0) -> None:
        self._catalogue = catalogue
        self._order = ReaderOrder(str(site.folder.resolve()), kind, awaited=True, threads=threads)
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._closed = False
        self.state = ScanState.empty(catalogue.space.dimension)
        self._graph: Graph | None = None

    def __len__(self) -> int:
        """How many vectors are held."""
        return len(self.state.base.vectors) - len(self.state.dead) + len(self.state.tail.vectors)

    @property
    def pid(self) -> int | None:
        """The reading process's number, if there is one."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._end()

    def refresh(self) -> int:
        """Take in what changed, which lasts for as long as the other process reads; others may search."""
        if self.state.sequence == self._catalogue.sequence():
            return self.state.sequence
        with self._guard:
            said, files = self._asked()
            try:
                self._take(said, files)
            finally:
                for descriptor in files:
                    os.close(descriptor)
            return self.state.sequence

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products; by "graph" most of them."""
        graph, state = self._graph, self.state
        return (
            state.search(query, k, categories) if graph is None else graph.search(state, query, k, categories)
        )

    def _take(self, said: dict[str, Any], files: list[int]) -> None:
        if "failed" in said:
            raise CatalogueError(said["failed"])
        state = self.state
        for part in said["parts"]:
            arrays, rest = map_arrays(files.pop(0), part["layout"]), part["rest"]
            if part["name"] == "base":
                state = replace(state, base=Block.of_arrays(arrays, rest))
            elif part["name"] == "graph":
                self._graph = Graph.view(state.base.vectors, arrays["graph"])
            else:
                state = replace(state, tail=Block.of_arrays(arrays, rest), dead=arrays["dead"])
        self.state = replace(state, sequence=said["sequence"])

    def _asked(self) -> tuple[dict[str, Any], list[int]]:
        if self._closed:
            raise CatalogueError("the index is closed")
        try:
            connection = self._connection or self._start()
            send(connection, {}, [])
            if (answer := receive(connection)) is not None:
                return answer
        except (OSError, ValueError):
            pass
        raise CatalogueError(
            f"the process that reads the catalogue ended ({self._end()}); it is started again"
        )

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name != PASSPHRASE_VARIABLE}
        environment |= {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "OMP_NUM_THREADS": "1"}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", MAIN, str(theirs.fileno()), json.dumps(asdict(self._order))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
                start_new_session=True,  # See `pocketshelf_server.priority`.
            )
        self._connection = ours
        self._order = replace(self._order, awaited=False)
        return ours

    def _end(self) -> str:
        """End the process, if it has not ended; how it did."""
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        if process is None:
            return "it had not started"
        try:
            code = process.wait(0.5 if self._closed else END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return signal.strsignal(-code) or str(code) if code < 0 else f"exit code {code}"
