"""Publishers and importers killed with SIGKILL at random instants: the site opens, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from server_products import DIMENSION, SPACE, FolderFetcher, make_product

from patience import eventually
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import Environment, sync
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.cli import PROGRAM, main
from pocketshelf_server.site import Site

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ROOT = Path(__file__).parents[2]
INIT = ["--space", SPACE.name, "--preprocessing", SPACE.preprocessing, "--dimension", str(DIMENSION)]
PRODUCTS = 800


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where the system has that: a killed process loses nothing of it."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        yield Path(name)


def forked(arguments: list[str], seconds: float | Callable[[], object] | None) -> bool:
    """Run a command in a process of its own, killed after ``seconds``, or once that returns.

    Returns:
        Whether it was killed at work.
    """
    PROGRAM.parser()  # Loads every command, so that the process is at work at once.
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            sys.stdout = sys.stderr = nowhere
            os._exit(main(arguments))
    return _finish(child, seconds)


def started(arguments: list[str], seconds: float | None) -> bool:
    """The same by ``pocketshelf-server``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pocketshelf_server", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    killed = _finish(process.pid, seconds)
    process.returncode = 0  # It has been waited for.
    return killed


def _finish(child: int, seconds: float | Callable[[], object] | None) -> bool:
    if seconds is not None:
        seconds() if callable(seconds) else time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


Start = Callable[[list[str], float | None], bool]


def instants(start: Start, arguments: list[str], count: int) -> Iterator[float]:
    """Random moments spread over a run, whose whole length is measured first."""
    begun = time.monotonic()
    start(arguments, None)
    whole = time.monotonic() - begun
    chance = random.Random(count)
    for place in range(count):
        share = (place + chance.random()) / count
        yield whole * (share if start is forked else (1 + share) / 2)  # Python's own start is not at stake.


def write_products(path: Path, count: int) -> Path:
    numbers = np.random.default_rng(0).standard_normal((count, 1, DIMENSION)).round(3)
    lines = [
        {
            "product_id": f"p{i:05d}",
            "title": f"T{i}",
            "category": ("A", "B", "C")[i % 3],
            "vectors": v.tolist(),
        }
        for i, v in enumerate(numbers)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(("start", "kills"), [(forked, 8), (started, 2)], ids=["forked", "command"])
def test_an_importer_killed_at_random_goes_on(memory: Path, start: Start, kills: int) -> None:
    """What was committed stays, under its number; the next run takes what is missing, once."""
    file, folder = write_products(memory / "shop.jsonl", PRODUCTS), memory / "site"
    rehearsal = str(memory / "rehearsal")
    assert main(["init", rehearsal, *INIT]) == main(["init", str(folder), *INIT]) == 0
    counts, pace, over, grown = [0], 0.5, 0, False
    for seconds in instants(start, ["import", rehearsal, str(file)], kills):
        # A run that was over before it could be killed: the machine was busier when the time was taken.
        while not start(["import", str(folder), str(file)], pace * seconds):
            folder, counts, pace, over = memory / f"site{over}", [0], pace / 2, over + 1
            assert main(["init", str(folder), *INIT]) == 0
        catalogue = open_catalogue(Site.open(folder))
        log = catalogue.changes(0, 10 * PRODUCTS)
        assert catalogue.count() == catalogue.sequence() == len(log) >= counts[-1]
        assert [change.sequence for change in log] == list(range(1, len(log) + 1))
        assert set(catalogue.sources([change.product_id for change in log])) == {
            f"p{i:05d}" for i in range(len(log))
        }
        counts.append(catalogue.count())
        grown |= counts[-1] > 0
        pace *= 1.0 if counts[-1] else 1.5  # It is busier now, or a new site begins from nothing.
        catalogue.close()
    while start is forked and not grown:  # Each time it was killed before the first was committed.
        folder, over = memory / f"site{over}", over + 1
        assert main(["init", str(folder), *INIT]) == 0
        with closing(open_catalogue(Site.open(folder))) as catalogue:
            first = partial(eventually, catalogue.count, every_s=0.001)
            forked(["import", str(folder), str(file)], first)
            assert catalogue.count() == catalogue.sequence() == len(catalogue.changes(0, 10 * PRODUCTS))
            grown = catalogue.count() < PRODUCTS
    assert main(["import", str(folder), str(file)]) == 0
    catalogue = open_catalogue(Site.open(folder))
    assert (catalogue.count(), catalogue.sequence()) == (PRODUCTS, PRODUCTS)
    catalogue.close()


class Shelf:
    """A device of the site, and what the site held at each sequence number that was ever published."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder, self.site = folder, site
        self.truth: dict[int, dict[str, bytes]] = {}

    def remember(self) -> int:
        catalogue = open_catalogue(self.site)
        with catalogue.reading() as view:
            number = view.sequence()
            self.truth[number] = {
                product.product_id: product.vectors.tobytes() for product in view.products()
            }
        catalogue.close()
        return number

    def sync(self) -> int:
        """Bring the device up; it verifies, and holds what the site held at its sequence number."""
        root = (self.site.metadata / "1.root.json").read_bytes()
        sync(self.folder, "http://site.test", root=root, environment=Environment(FolderFetcher(self.site)))
        assert verify_store(self.folder).ok
        with Store.open(self.folder) as store:
            found = {p.product_id: p.vectors.tobytes() for p in store.shard}
            assert found == self.truth[store.meta.sequence]
            return store.meta.sequence


@pytest.mark.parametrize(("start", "kills"), [(forked, 10), (started, 2)], ids=["forked", "command"])
def test_a_publisher_killed_at_random_loses_nothing(memory: Path, start: Start, kills: int) -> None:
    """A device sees the old generation or the new one; the next publication is whole."""
    folder = memory / "site"
    assert main(["init", str(folder), *INIT]) == 0
    site = Site.open(folder)
    shelf = Shelf(memory / "shelf", site)
    catalogue = open_catalogue(site)
    catalogue.apply([Upsert(make_product(f"p{i}")) for i in range(400)])
    shelf.remember()
    before, seen, pace = catalogue.sequence(), set(), 1.0
    for turn, seconds in enumerate(instants(start, ["publish", str(folder)], kills)):
        assert shelf.sync() == before
        changed = [Upsert(make_product(f"p{i}", turn + 1)) for i in range(turn, 400, 9)]
        catalogue.apply([*changed, Delete(f"p{turn}"), Upsert(make_product(f"n{turn}"))])
        after = shelf.remember()
        pace *= 1.0 if start(["publish", str(folder)], pace * seconds) else 0.5  # Over before: sooner.
        assert main(["stats", str(folder)]) == main(["keys", "status", str(folder)]) == 0
        found = shelf.sync()
        assert found in (before, after)
        seen.add("new" if found == after else "old")
        assert main(["publish", str(folder)]) == 0
        assert shelf.sync() == after
        before = after
    assert not list(site.targets.glob(".publishing-*"))
    assert start is started or "old" in seen
    catalogue.close()
