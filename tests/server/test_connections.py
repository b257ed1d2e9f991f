"""Connections by thread."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from pocketshelf_server.connections import ThreadConnections


def test_each_thread_has_its_own_and_all_are_closed(tmp_path) -> None:
    connections = ThreadConnections(lambda: sqlite3.connect(tmp_path / "x", check_same_thread=False))
    here, there = connections.get(), []
    thread = threading.Thread(target=lambda: there.extend([connections.get(), connections.get()]))
    thread.start()
    thread.join(10)
    assert connections.get() is here and there[0] is there[1] is not here
    connections.close()
    for connection in (here, there[0]):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert connections.get().execute("SELECT 1").fetchone() == (1,)
    connections.close()


def test_one_that_its_server_closed_is_opened_again() -> None:
    class Connection:
        closed = False

        def close(self) -> None:
            self.closed = True

    connections = ThreadConnections(Connection)
    first = connections.get()
    first.close()
    assert connections.get() is not first and connections.get() is connections.get()
