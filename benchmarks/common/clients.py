"""The clients of `server_load.py`, in two processes of their own: light enough to share its cores.

One process holds all syncing clients and another all searching ones, each an event loop over plain sockets
(a thread a client would wait for Python's lock, and measure that). They ask until their standard input
closes, then print every request: [kind, when it began (monotonic seconds), milliseconds, bytes].

    python benchmarks/common/clients.py {sync,search} '{"port": 8000, "clients": 200, "pause": 1.0}'
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

HOST = "127.0.0.1"
CHUNK = 1 << 18
SECONDS = 60.0


@dataclass
class Seen:
    """What all clients of this process have seen."""

    requests: list[tuple[str, float, float, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, kind: str, started: float, size: int = 0) -> None:
        """A request, or several taken together, that ends now."""
        self.requests.append((kind, started, 1000 * (time.monotonic() - started), size))


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, seen: Seen) -> None:
        self._port, self._seen = port, seen
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        """Drop the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def ask(self, kind: str, head: str, body: bytes = b"", keep: bool = True) -> tuple[bytes, str, int]:
        """(body if it is to be kept, its SHA-256, its length) of the answer; anything but 200 raises."""
        started = time.monotonic()
        async with asyncio.timeout(SECONDS):
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection(HOST, self._port, limit=CHUNK)
            assert self._reader is not None
            self._writer.write(f"{head} HTTP/1.1\r\nHost: {HOST}\r\n".encode() + body)
            answer = await self._reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in answer[:-4].split(b"\r\n")[1:])
            status, left = answer.split(b" ", 2)[1], int(fields[b"content-length"])
            digest, kept, length = hashlib.sha256(), [], left
            while left:
                data = await self._reader.read(min(left, CHUNK))
                if not data:
                    raise ConnectionError("the answer ended early")
                left -= len(data)
                digest.update(data)
                kept += [data] if keep else []
        self._seen.add(kind, started, length)
        if status != b"200":
            raise RuntimeError(f"{head}: status {status.decode()}")
        return b"".join(kept), digest.hexdigest(), length


class Syncing(Client):
    """A device: what it has seen of the metadata, and its sequence."""

    def __init__(self, port: int, seen: Seen) -> None:
        super().__init__(port, seen)
        self._version = -1
        self._sequence: int | None = None

    async def turn(self) -> None:
        """One sync, timed as a whole."""
        started = time.monotonic()
        version = (await self._metadata("timestamp.json"))["meta"]["snapshot.json"]["version"]
        changed = version != self._version
        if changed:
            snapshot = await self._metadata(f"{version}.snapshot.json")
            targets = await self._metadata(f"{snapshot['meta']['targets.json']['version']}.targets.json")
            await self._follow(targets["targets"])
            self._version = version
        self._seen.add(f"sync {'with' if changed else 'without'} changes", started)

    async def _metadata(self, name: str) -> dict[str, Any]:
        data, _, _ = await self.ask("metadata", f"GET /v1/metadata/{name}", b"\r\n")
        return json.loads(data)["signed"]

    async def _follow(self, targets: dict[str, Any]) -> None:
        manifest = json.loads(await self._target("manifest", "all/manifest.json", targets))
        sequence = manifest["sequence"]
        step = (self._sequence, sequence)
        direct = [d["target"] for d in manifest["deltas"] if (d["from"], d["to"]) == step]
        if direct:
            await self._target("delta", direct[0], targets)
        elif self._sequence != sequence:
            await self._target("snapshot", manifest["snapshot"]["target"], targets)
        self._sequence = sequence

    async def _target(self, kind: str, name: str, targets: dict[str, Any]) -> bytes:
        signed, (folder, _, base) = targets[name], name.rpartition("/")
        path = f"GET /v1/targets/{folder}/{signed['hashes']['sha256']}.{base}"
        data, digest, length = await self.ask(kind, path, b"\r\n", keep=kind == "manifest")
        if (digest, length) != (signed["hashes"]["sha256"], signed["length"]):
            raise RuntimeError(f"{name}: not what was signed")
        return data


class Searching(Client):
    """Asks for the nearest to one vector after another; ``bodies``: requests after their first line."""

    def __init__(self, port: int, seen: Seen, bodies: list[bytes]) -> None:
        super().__init__(port, seen)
        self._bodies = bodies

    async def turn(self) -> None:
        """One search."""
        await self.ask("search", "POST /v1/search", random.choice(self._bodies))


async def keep_asking(client: Client, seen: Seen, pause: float) -> None:
    """One client until it is cancelled."""
    await asyncio.sleep(random.uniform(0, pause))
    while True:
        try:
            await client.turn()
        except Exception as error:
            seen.errors.append(f"{type(client).__name__}: {error!r}")
            client.close()
        await asyncio.sleep(random.uniform(0.5, 1.5) * pause)


def bodies(dimension: int, space: str) -> list[bytes]:
    """Searches for drawn vectors."""
    found = []
    for vector in np.random.default_rng(2).standard_normal((200, dimension)).round(4).tolist():
        body = json.dumps({"vector": vector, "space": space, "k": 20}).encode()
        found.append(f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return found


async def run(kind: str, order: dict[str, Any]) -> Seen:
    """All clients, until the standard input closes."""
    seen = Seen()
    if kind == "search":
        asked = bodies(order["dimension"], order["space"])
        clients: list[Client] = [Searching(order["port"], seen, asked) for _ in range(order["clients"])]
    else:
        clients = [Syncing(order["port"], seen) for _ in range(order["clients"])]
    tasks = [asyncio.create_task(keep_asking(client, seen, order["pause"])) for client in clients]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return seen


if __name__ == "__main__":
    print(json.dumps(vars(asyncio.run(run(sys.argv[1], json.loads(sys.argv[2]))))))
