"""The server under load, on loopback: many devices that sync and some that search, at once.

A site of synthetic products is served by a process of its own (`pocketshelf-server serve`). Each syncing
client does over and over what a device does: ask for the timestamp, follow it to snapshot, targets and
manifest when it has changed, fetch the delta (the snapshot the first time), and check lengths and hashes.
Meanwhile 1 % of the products change and are published every few seconds. Searching clients send vectors.

    python benchmarks/server_load.py [--seconds 60] [--syncing 200] [--searching 20]
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import random
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

import record
from pocketshelf.demo.server import LocalServer
from pocketshelf.formats.bundle import default_bundle
from pocketshelf_server.catalogue import Catalogue, Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site
from server_search import SPACE, fill, queries, vectors

HOST = "127.0.0.1"


class Figures:
    """Times and errors by kind of request, from any thread."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.sent = 0
        self._guard = threading.Lock()

    def add(self, kind: str, seconds: float, size: int = 0) -> None:
        with self._guard:
            self.times[kind].append(1000 * seconds)
            self.sent += size

    def fail(self, error: str) -> None:
        with self._guard:
            self.errors.append(error)

    def table(self) -> dict[str, dict[str, float]]:
        """Count, median and p99 in milliseconds, by kind."""
        return {
            kind: {
                "count": len(times),
                "median_ms": round(float(np.median(times)), 2),
                "p99_ms": round(float(np.percentile(times, 99)), 2),
                "max_ms": round(max(times), 2),
            }
            for kind, times in sorted(self.times.items())
        }


class Client:
    """One connection, kept open."""

    def __init__(self, port: int, figures: Figures) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)
        self._figures = figures

    def request(self, kind: str, method: str, path: str, body: bytes | None = None) -> bytes:
        """The answer's body; anything but 200 raises."""
        started = time.perf_counter()
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        self._figures.add(kind, time.perf_counter() - started, len(data))
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: status {answer.status}")
        return data


class Syncing(Client):
    """A device: what it has seen of the metadata, and its sequence."""

    def __init__(self, port: int, figures: Figures) -> None:
        super().__init__(port, figures)
        self._seen = -1
        self.sequence: int | None = None

    def sync(self) -> None:
        """One sync, timed as a whole."""
        started = time.perf_counter()
        version = self._metadata("timestamp.json")["meta"]["snapshot.json"]["version"]
        if version != self._seen:
            snapshot = self._metadata(f"{version}.snapshot.json")
            targets = self._metadata(f"{snapshot['meta']['targets.json']['version']}.targets.json")["targets"]
            self._follow(targets)
            self._seen = version
            self._figures.add("sync with changes", time.perf_counter() - started)
        else:
            self._figures.add("sync without changes", time.perf_counter() - started)

    def _metadata(self, name: str) -> dict[str, Any]:
        return json.loads(self.request("metadata", "GET", f"/v1/metadata/{name}"))["signed"]

    def _follow(self, targets: dict[str, Any]) -> None:
        manifest = json.loads(self._target("manifest", "all/manifest.json", targets))
        sequence = manifest["sequence"]
        direct = [
            d["target"] for d in manifest["deltas"] if (d["from"], d["to"]) == (self.sequence, sequence)
        ]
        if direct:
            self._target("delta", direct[0], targets)
        elif self.sequence != sequence:
            self._target("snapshot", manifest["snapshot"]["target"], targets)
        self.sequence = sequence

    def _target(self, kind: str, name: str, targets: dict[str, Any]) -> bytes:
        digest, length = targets[name]["hashes"]["sha256"], targets[name]["length"]
        folder, _, base = name.rpartition("/")
        data = self.request(kind, "GET", f"/v1/targets/{folder}/{digest}.{base}")
        if len(data) != length or hashlib.sha256(data).hexdigest() != digest:
            raise RuntimeError(f"{name}: not what was signed")
        return data


def published_site(folder: Path, products: int) -> tuple[Site, Catalogue]:
    """A published site of synthetic products."""
    site = make_site(folder / "site", SPACE)
    catalogue = open_catalogue(site)
    fill(catalogue, vectors(products))
    publish_site(site)
    return site, catalogue


def change(catalogue: Catalogue, share: float, turn: int) -> None:
    """Give a share of the products another title."""
    with catalogue.reading() as view:
        entries = [entry.product_id for entry in view.entries()]
    chosen = catalogue.get(random.Random(turn).sample(entries, max(1, int(share * len(entries)))))
    changed = (replace(product, title=f"{product.title}, turn {turn}") for product in chosen.values())
    catalogue.apply([Upsert(product) for product in changed])


def keep_syncing(port: int, figures: Figures, until: float, pause: float) -> None:
    """One device until the time is over."""
    device = Syncing(port, figures)
    while time.perf_counter() < until:
        try:
            device.sync()
        except Exception as error:
            figures.fail(f"sync: {error!r}")
            device = Syncing(port, figures)
        time.sleep(random.uniform(0.5, 1.5) * pause)


def keep_searching(port: int, figures: Figures, until: float, asked: np.ndarray, pause: float) -> None:
    """One searching client until the time is over."""
    client, turn = Client(port, figures), 0
    while time.perf_counter() < until:
        body = {"vector": asked[turn % len(asked)].tolist(), "space": SPACE.name, "k": 20}
        turn += 1
        try:
            client.request("search", "POST", "/v1/search", json.dumps(body).encode())
        except Exception as error:
            figures.fail(f"search: {error!r}")
            client = Client(port, figures)
        time.sleep(random.uniform(0.5, 1.5) * pause)


def load(arguments: argparse.Namespace, folder: Path) -> tuple[Figures, int]:
    """Serve, publish and ask until the time is over; the figures and the generations published meanwhile."""
    site, catalogue = published_site(folder, arguments.products)
    server = LocalServer(site.folder, default_bundle(), folder / "server.log")
    with closing(catalogue), server.serve() as url:
        port = int(urlsplit(url).port or 0)
        figures, until = Figures(), time.perf_counter() + arguments.seconds
        asked = queries(vectors(1000), 200)
        threads = [
            *(threading.Thread(target=keep_syncing, args=(port, figures, until, arguments.pause))
              for _ in range(arguments.syncing)),
            *(threading.Thread(target=keep_searching, args=(port, figures, until, asked, arguments.pause))
              for _ in range(arguments.searching)),
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        turns = 0
        while time.perf_counter() + arguments.publish_every < until:
            time.sleep(arguments.publish_every)
            turns += 1
            change(catalogue, 0.01, turns)
            publish_site(site)
        for thread in threads:
            thread.join()
        return figures, turns


def main() -> int:
    """Load the server, print the figures, write ``results/server_load.json``; 1 if a request failed."""
    parser = record.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--syncing", type=int, default=200, help="devices")
    parser.add_argument("--searching", type=int, default=20, help="clients that search")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between two calls of a client")
    parser.add_argument("--publish-every", type=float, default=10.0, help="seconds between generations")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pocketshelf-load-") as folder:
        figures, generations = load(arguments, Path(folder))
    for kind, row in figures.table().items():
        print(f"{kind}: " + " · ".join(f"{name} {value}" for name, value in row.items()))
    print(f"{len(figures.errors)} errors, {generations} generations, {figures.sent / 1e6:.1f} MB sent")
    for error in sorted(set(figures.errors))[:10]:
        print(f"  {error}")
    result = {
        **vars(arguments),
        "generations": generations,
        "errors": len(figures.errors),
        "requests": figures.table(),
    }
    record.write("server_load", result)
    return 1 if figures.errors else 0


if __name__ == "__main__":
    record.run(main)
