"""A kiosk's sockets: its application behind the bounded waitress, bodies in memory."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.names import Names, certified_names, is_everywhere, machine_addresses
from pocketshelf.kiosk.tls.certificate import certificate_for
from pocketshelf.kiosk.tls.front import TlsFront
from pocketshelf.kiosk.tls.invitation import Invitation
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.kiosk.web.lengths import KioskBodies
from pocketshelf.wsgi import AccessLog, WebServer

__all__ = ["Address", "KioskServer", "Phones", "ends_on_signals", "listen"]

# Pictures wait for their worker: they must not keep frames and searches from theirs.
THREADS = 32
CONNECTIONS = 128


@dataclass(frozen=True)
class Address:
    """Where to listen: a name or an address of this machine, and a port (0: any that is free)."""

    host: str
    port: int


@dataclass(frozen=True)
class Phones:
    """TLS for phones: where to listen, and the folder of the certificate."""

    address: Address
    folder: Path


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
        # Python adds the address to what the system says; a name's errors have numbers of their own.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise UsageError(f"{address.host}:{address.port}: cannot be listened on ({why})") from error


class KioskServer:
    """Serves ``kiosk`` on ``address``.

    Args:
        names: further names that it goes by.
        phones: speak TLS there, too; ``address`` is to be loopback's then.
        access: writes down what was asked: paths and statuses, never a body.

    Raises:
        UsageError: an address cannot be listened on.
        OSError: the certificate cannot be written.

    Attributes:
        port: of the plain address. invitation: for phones; None where they are not served.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        address: Address,
        names: tuple[str, ...] = (),
        phones: Phones | None = None,
        access: AccessLog | None = None,
    ) -> None:
        self._listener = listen(address)
        self.port: int = self._listener.getsockname()[1]
        self.invitation: Invitation | None = None
        self._front: TlsFront | None = None
        hosts = [address.host]
        if phones is not None:
            hosts.append(phones.address.host)
            self._front, self.invitation = _front(phones, names, self.port)
            kiosk.phones = True
        self.app = create_app(kiosk, Names(hosts, names), self.invitation)
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
        if self._front is not None:
            self._front.start()
        with contextlib.suppress(OSError):  # The sockets are gone: that is the end.
            self._server.run()

    def start(self) -> threading.Thread:
        """`run` on a thread of its own."""
        thread = threading.Thread(target=self.run, name="pocketshelf-kiosk", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Stop listening; requests that are being answered are."""
        if self._front is not None:
            self._front.close()
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=2)


def _front(phones: Phones, names: tuple[str, ...], port: int) -> tuple[TlsFront, Invitation]:
    host = phones.address.host
    listener = listen(phones.address)
    certificate = certificate_for(phones.folder, certified_names([host], names))

    def reachable() -> str:
        found = [*names, *(machine_addresses() if is_everywhere(host) else [host])]
        return found[0] if found else socket.gethostname()

    front = TlsFront(listener, certificate.context(), port)
    return front, Invitation(reachable, listener.getsockname()[1], certificate.fingerprint)


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
