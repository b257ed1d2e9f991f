"""A kiosk's sockets: its application behind the bounded waitress, bodies in memory."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.names import own_names
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.kiosk.web.lengths import KioskBodies
from pocketshelf.wsgi import AccessLog, WebServer

__all__ = ["Address", "KioskServer", "ends_on_signals", "listen"]

THREADS = 12
CONNECTIONS = 128


@dataclass(frozen=True)
class Address:
    """Where to listen: a name or an address of this machine, and a port (0: any that is free)."""

    host: str
    port: int


def listen(address: Address) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: the address is not this machine's, or taken.
    """
    try:
        infos = socket.getaddrinfo(
            address.host.strip("[]"), address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(infos[0][4][:2], family=infos[0][0], backlog=CONNECTIONS)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"{address.host}:{address.port}: cannot be listened on ({why})") from error


class KioskServer:
    """Serves ``kiosk`` on ``address``.

    Args:
        names: further names that it goes by.
        hosts: what else leads to it.
        access: writes down what was asked: paths and statuses, never a body.

    Raises:
        UsageError: the address cannot be listened on.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        address: Address,
        names: tuple[str, ...] = (),
        hosts: tuple[str, ...] = (),
        access: AccessLog | None = None,
    ) -> None:
        self._listener = listen(address)
        self.port: int = self._listener.getsockname()[1]
        self.app = create_app(kiosk, own_names([address.host, *hosts], names))
        self._server: Any = WebServer(
            self.app,
            self._listener,
            KioskBodies(),
            threads=THREADS,
            access=access,
            connections=CONNECTIONS,
            in_memory=True,
        )

    def run(self) -> None:
        """Serve until `close`."""
        with contextlib.suppress(OSError):  # The sockets are gone: that is the end.
            self._server.run()

    def start(self) -> threading.Thread:
        """`run` on a thread of its own."""
        thread = threading.Thread(target=self.run, name="pocketshelf-kiosk", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Stop listening; requests that are being answered are."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=2)


@contextlib.contextmanager
def ends_on_signals() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
