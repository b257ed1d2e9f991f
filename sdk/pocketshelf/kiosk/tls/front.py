"""TLS before a plain port of loopback: bytes in both directions, for a bounded number of connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

__all__ = ["TlsFront"]

CONNECTIONS = 96
HANDSHAKE_SECONDS = 10.0
# Longer than the plain port's own bounds, which count for all that a browser does.
IDLE_SECONDS = 120.0
CLOSE_SECONDS = 3.0
CHUNK = 65_536
# Without descriptors no connection can be taken; without a pause the loop would try without end.
REST_SECONDS = 0.5
log = logging.getLogger("pocketshelf.kiosk")


@dataclass(eq=False)
class _Connection:
    """One phone's. ``used``: when bytes last went through it, monotonic seconds."""

    task: asyncio.Task[None] | None = None
    used: float = field(default_factory=time.monotonic)


class TlsFront:
    """Speaks TLS on ``listener`` and plainly to ``port`` of loopback.

    At the limit of its connections it closes that which has been idle longest, so that who holds connections
    and sends nothing keeps nobody out; a handshake counts as one.
    """

    def __init__(
        self, listener: socket.socket, context: ssl.SSLContext, port: int, connections: int = CONNECTIONS
    ) -> None:
        listener.setblocking(False)
        self._listener, self._context, self._port, self._most = listener, context, port, connections
        self._open: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="pocketshelf-tls", daemon=True)
        self._main: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._open)

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """End every connection."""
        if not self._thread.is_alive():
            self._listener.close()
            return
        with contextlib.suppress(RuntimeError):  # The loop has ended.
            self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(timeout=5)

    def _stop(self) -> None:
        if self._main is not None:
            self._main.cancel()

    def _run(self) -> None:
        self._main = self._loop.create_task(self._accept())
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
            self._loop.run_until_complete(self._end_all())
        finally:
            self._listener.close()
            self._loop.close()

    async def _end_all(self) -> None:
        tasks = [each.task for each in self._open if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self) -> None:
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(self._listener)
            except OSError as error:
                log.warning("no new connections for %g s: %s", REST_SECONDS, error)
                await asyncio.sleep(REST_SECONDS)
                continue
            self._make_room()
            connection = _Connection()
            self._open.add(connection)
            connection.task = self._loop.create_task(self._serve(accepted, connection))

    def _make_room(self) -> None:
        if len(self._open) >= self._most:
            oldest = min(self._open, key=lambda each: each.used)
            self._open.discard(oldest)
            if oldest.task is not None:
                oldest.task.cancel()

    async def _serve(self, accepted: socket.socket, connection: _Connection) -> None:
        try:
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError, ConnectionError):
                await self._pass_on(accepted, connection)
        finally:
            self._open.discard(connection)
            accepted.close()

    async def _pass_on(self, accepted: socket.socket, connection: _Connection) -> None:
        reader, writer = await self._secured(accepted)
        try:
            plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=CHUNK)
            try:
                there = asyncio.create_task(_pump(reader, plain_writer, connection))
                back = asyncio.create_task(_pump(plain_reader, writer, connection))
                await self._until_done(there, back, connection)
            finally:
                plain_writer.close()
        finally:
            await _ended(writer)

    async def _secured(self, accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader = asyncio.StreamReader(limit=CHUNK, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            accepted,
            ssl=self._context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=2.0,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    async def _until_done(
        self, there: asyncio.Task[None], back: asyncio.Task[None], connection: _Connection
    ) -> None:
        """Until the answers end, or nothing has moved for long."""
        try:
            while not back.done() and time.monotonic() < connection.used + IDLE_SECONDS:
                await asyncio.wait({back}, timeout=IDLE_SECONDS / 8)
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)


async def _ended(writer: asyncio.StreamWriter) -> None:
    """Close, with a moment for what is still to be sent."""
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await writer.wait_closed()
    except (OSError, ssl.SSLError, TimeoutError):
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection) -> None:
    while chunk := await reader.read(CHUNK):
        connection.used = time.monotonic()
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
