"""Does a search feel it when the catalogue is published, beside devices that sync?

A site of synthetic products is served by a process of its own (`pocketshelf-server serve`), with Debian's
nginx before it in a second round (`docs/deploy/nginx-files.conf`): then syncs are served by nginx. 200
clients sync and 20 search all the while, in two processes of their own (`common/clients.py`). Four phases,
one after another in the same run:

    calm        nothing is published
    publishing  over and over 1 % of the products change, and a generation of all is published
    in a hurry  the same by `publish --hurry`, which gives way to nobody: what giving way is worth
    anew        every product changes, and is published: each device downloads all of it

What changes the products and what publishes (`pocketshelf-server publish`) are processes of their own, as
in a shop.

    python benchmarks/server_load.py [--seconds 60] [--products 100000] [--files python nginx]
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from common import record
from common.engines import DIMENSION, SPACE, fill, vectors
from common.nginx import nginx_before
from pocketshelf.cli import values
from pocketshelf.demo.server import LocalServer
from pocketshelf.formats.bundle import default_bundle
from pocketshelf_server import priority
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.site import Site
from tables.load import write_table

CLIENTS = Path(__file__).parent / "common" / "clients.py"
BATCH = 1000
PHASES = ("calm", "publishing", "in a hurry", "anew")


@dataclass
class Phase:
    """What was done from ``begin`` to ``end`` (monotonic seconds)."""

    name: str
    begin: float
    end: float = 0.0
    generations: int = 0
    publish_seconds: float = 0.0
    change_seconds: float = 0.0


def change(folder: str, share: float, turn: int) -> None:
    """Give a share of the products another title, in batches, at the priority of an import."""
    priority.own(True)
    priority.give_way(priority.PUBLISH)
    with closing(open_catalogue(Site(Path(folder)))) as catalogue:
        with catalogue.reading() as view:
            ids = list(view.product_ids())
        chosen = random.Random(turn).sample(ids, max(1, int(share * len(ids))))
        for start in range(0, len(chosen), BATCH):
            products = catalogue.get(chosen[start : start + BATCH]).values()
            catalogue.apply([Upsert(replace(p, title=f"{p.title[:20]}, turn {turn}")) for p in products])


def in_process(target: Any, *arguments: Any) -> float:
    """Call ``target`` in a fresh process; seconds."""
    started = time.monotonic()
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{target.__name__} failed")
    return time.monotonic() - started


def publish(site: Site, *options: str) -> float:
    """`pocketshelf-server publish`; seconds."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pocketshelf_server", "publish", str(site.folder), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def renew(site: Site, phase: Phase, share: float, turn: int, *options: str) -> None:
    """Change a share, and publish all."""
    phase.change_seconds += in_process(change, str(site.folder), share, turn)
    phase.publish_seconds += publish(site, *options)
    phase.generations += 1


@contextmanager
def clients(kind: str, order: dict[str, Any], seen: dict[str, list]) -> Iterator[None]:
    """Clients that ask for as long as the block lasts; then what they saw is added to ``seen``."""
    command = [sys.executable, str(CLIENTS), kind, json.dumps(order)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said)
        try:
            yield
        finally:
            process.communicate()
        said.seek(0)
        for name, found in json.load(said).items():
            seen[name] += found


def phases(site: Site, arguments: argparse.Namespace) -> list[Phase]:
    """Go through all of them while the clients ask."""
    time.sleep(arguments.settle)  # Every device takes its first snapshot.
    calm = Phase("calm", time.monotonic())
    time.sleep(arguments.seconds)
    done = [calm]
    for name, first, options in (("publishing", 0, ()), ("in a hurry", 500, ("--hurry",))):
        if name in arguments.phases:
            done.append(phase := Phase(name, time.monotonic()))
            while time.monotonic() < phase.begin + arguments.seconds:
                renew(site, phase, 0.01, first + phase.generations, *options)
            time.sleep(2 * arguments.pause)  # The devices take the last one.
    if "anew" in arguments.phases:
        done.append(Phase("anew", time.monotonic()))
        renew(site, done[-1], 1.0, 1000)
        time.sleep(arguments.settle)
    for phase, following in itertools.pairwise(done):
        phase.end = following.begin
    done[-1].end = time.monotonic()
    return done


def table(seen: dict[str, list], phase: Phase) -> dict[str, Any]:
    """Count, median and p99 in milliseconds of each kind of request that began in ``phase``."""
    times: dict[str, list[float]] = defaultdict(list)
    sent = 0
    for kind, started, milliseconds, size in seen["requests"]:
        if phase.begin <= started < phase.end:
            times[kind].append(milliseconds)
            sent += size
    rows = {
        kind: {
            "count": len(found),
            "median_ms": round(float(np.median(found)), 2),
            "p99_ms": round(float(np.percentile(found, 99)), 2),
            "max_ms": round(max(found), 2),
        }
        for kind, found in sorted(times.items())
    }
    counted = {
        name: round(value, 1) for name, value in vars(phase).items() if name not in ("name", "begin", "end")
    }
    return {
        **counted,
        "seconds": round(phase.end - phase.begin, 1),
        "sent_mb": round(sent / 1e6, 1),
        "requests": rows,
    }


def load(arguments: argparse.Namespace, folder: Path, files: str) -> dict[str, Any]:
    """One round: serve, publish and ask; the figures by phase."""
    site = make_site(folder / "site", SPACE)
    with closing(open_catalogue(site)) as catalogue:
        fill(catalogue, vectors(arguments.products, 0))
    publish(site, "--hurry")
    seen: dict[str, list] = {"requests": [], "errors": []}
    server = LocalServer(site.folder, default_bundle(), folder / "server.log")
    with ExitStack() as stack:
        asked = int(urlsplit(stack.enter_context(server.serve())).port or 0)
        synced = stack.enter_context(nginx_before(site, folder, asked)) if files == "nginx" else asked
        order = {"pause": arguments.pause, "dimension": DIMENSION, "space": SPACE.name}
        for kind, port, count in (
            ("sync", synced, arguments.syncing),
            ("search", asked, arguments.searching),
        ):
            stack.enter_context(clients(kind, {**order, "port": port, "clients": count}, seen))
        done = phases(site, arguments)
    found = {phase.name: table(seen, phase) for phase in done}
    calm = found["calm"]["requests"]["search"]["p99_ms"]
    for row in found.values():
        row["search_p99_beside_calm"] = round(row["requests"]["search"]["p99_ms"] / calm, 2)
    return {"errors": len(seen["errors"]), "first_errors": sorted(set(seen["errors"]))[:5], "phases": found}


def show(files: str, result: dict[str, Any]) -> None:
    """A line a kind and phase."""
    print(f"syncs served by {files}: {result['errors']} errors {result['first_errors'] or ''}")
    for name, phase in result["phases"].items():
        told = (f"{key} {value}" for key, value in phase.items() if key != "requests")
        print(f"  {name}: " + " · ".join(told))
        for kind, row in phase["requests"].items():
            print(f"    {kind}: " + " · ".join(f"{key} {value}" for key, value in row.items()))


def main() -> int:
    """Load the server, print the figures, write ``results/server_load.json``; 1 if a request failed."""
    parser = record.parser(__doc__)
    parser.add_argument("--seconds", type=values.seconds, default=60.0, help="of each phase")
    parser.add_argument("--settle", type=values.seconds, default=30.0, help="seconds for 200 first snapshots")
    parser.add_argument("--syncing", type=values.whole, default=200, help="devices")
    parser.add_argument("--searching", type=values.whole, default=20, help="clients that search")
    parser.add_argument("--products", type=values.whole, default=100_000)
    parser.add_argument(
        "--pause", type=values.seconds, default=1.0, help="mean seconds between two calls of a client"
    )
    parser.add_argument("--files", nargs="+", choices=("python", "nginx"), default=["python", "nginx"])
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--table", action="store_true", help="only write the results into docs/server.md")
    arguments = parser.parse_args()
    if arguments.table:
        write_table(record.read(record.RESULTS / "server_load.json"))
        return 0
    if "nginx" in arguments.files and shutil.which("nginx") is None:
        parser.error("no nginx here: apt-get install nginx, or --files python")
    rounds, load_before = {}, round(os.getloadavg()[0], 1)
    for files in arguments.files:
        with tempfile.TemporaryDirectory(prefix="pocketshelf-load-") as folder:
            rounds[files] = load(arguments, Path(folder), files)
        show(files, rounds[files])
    asked = {name: value for name, value in vars(arguments).items() if name != "table"}
    record.write("server_load", {**asked, "load_before": load_before, "rounds": rounds})
    return 1 if any(found["errors"] for found in rounds.values()) else 0


if __name__ == "__main__":
    record.run(main)
