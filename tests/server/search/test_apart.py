"""An index that another process reads: no search waits for it, and it may be killed at any time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from search_truth import expected, fill, query
from server_products import SPACE

from patience import eventually
from pocketshelf.errors import CatalogueError
from pocketshelf_server import priority
from pocketshelf_server.catalogue import Catalogue, Delete, SqliteCatalogue
from pocketshelf_server.search import ScanIndex, SearchService
from pocketshelf_server.search.apart import ApartIndex, can_be_apart
from pocketshelf_server.search.mapped import Names, map_arrays, names_to_arrays, write_arrays
from pocketshelf_server.site import Site, SiteConfig
from running import runs

pytestmark = pytest.mark.skipif(not can_be_apart("scan"), reason="needs sockets that carry files")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.create(tmp_path / "site", SiteConfig())


@pytest.fixture
def catalogue(site: Site) -> Iterator[Catalogue]:
    with closing(SqliteCatalogue.create(site.catalogue_path, SPACE)) as catalogue:
        yield catalogue


def found(index: ApartIndex, seed: int = 0) -> list[str]:
    return [key for key, _ in index.search(query(seed), 20, None)]


def test_the_reading_process_gives_way(site: Site, catalogue: Catalogue) -> None:
    with closing(ApartIndex("scan", catalogue, site)) as index:
        assert index.refresh() == 0 and index.pid is not None
        pid = index.pid
        # Once the server has what it needs to start.
        eventually(lambda: os.getpriority(os.PRIO_PROCESS, pid) > os.nice(0))
        niceness = os.getpriority(os.PRIO_PROCESS, pid)
        assert niceness == os.nice(0) + priority.HELPER and os.getsid(index.pid) == index.pid
        os.kill(index.pid, 9)
        fill(catalogue, 1)
        with pytest.raises(CatalogueError, match="started again"):
            index.refresh()
        index.refresh()  # Now nobody waits: it gives way from its beginning.
        assert os.getpriority(os.PRIO_PROCESS, index.pid) == niceness


def test_a_killed_reader_costs_nothing_and_is_replaced(site: Site, catalogue: Catalogue) -> None:
    fill(catalogue, 40)
    with closing(ApartIndex("scan", catalogue, site)) as index:
        index.refresh()
        first = index.pid
        assert first is not None
        os.kill(first, 9)
        catalogue.apply([Delete("p000")])
        with pytest.raises(CatalogueError, match=r"ended \(Killed\); it is started again"):
            index.refresh()
        assert len(index) == 40 and found(index)
        assert index.refresh() == 41 and index.pid != first
        assert found(index) == expected(catalogue, query(0), 20, None)


def test_a_catalogue_that_cannot_be_read_is_said(site: Site, catalogue: Catalogue) -> None:
    fill(catalogue, 5)
    with closing(ApartIndex("scan", catalogue, site)) as index:
        index.refresh()
        with catalogue.transaction() as connection:
            connection.execute("ALTER TABLE products RENAME TO gone")
            connection.execute("UPDATE meta SET value = 9 WHERE key = 'sequence'")
            connection.execute("INSERT INTO changes VALUES(9, 'p000', 'upsert')")
        with pytest.raises(CatalogueError, match="no such table: products"):
            index.refresh()
        assert len(index) == 5 and found(index)


def test_a_closed_one_leaves_no_process(site: Site, catalogue: Catalogue) -> None:
    index = ApartIndex("scan", catalogue, site)
    index.refresh()
    pid = index.pid
    assert pid is not None
    index.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    fill(catalogue, 1)
    with pytest.raises(CatalogueError, match="closed"):
        index.refresh()


def test_the_reader_ends_with_a_server_that_is_killed(site: Site, catalogue: Catalogue) -> None:
    script = """
import os, sys, time
from pathlib import Path
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.search.apart import ApartIndex
from pocketshelf_server.site import Site
site = Site(Path(sys.argv[1]))
index = ApartIndex("scan", open_catalogue(site), site)
index.refresh()
print(index.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script, str(site.folder)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
    eventually(lambda: not runs(pid))


class Slow(ScanIndex):
    """A refresh that lasts until it is allowed to end."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self.begun, self.allowed = threading.Event(), threading.Event()

    def refresh(self) -> int:
        if len(self):
            self.begun.set()
            assert self.allowed.wait(30)
        return super().refresh()


def test_no_search_waits_for_a_refresh(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketshelf_server.search.service.REFRESH_SECONDS", 0.01)
    fill(catalogue, 10)
    index = Slow(catalogue)
    service = SearchService(catalogue, index)
    service.refresh()
    service.start()
    catalogue.apply([Delete("p000")])
    assert index.begun.wait(30)
    before = len(service.search(query(0), 20, None))  # While the refresh waits for us.
    index.allowed.set()
    eventually(lambda: service.sequence == catalogue.sequence())
    service.close()
    assert before == 9 and len(index) == 9  # One that is deleted has no title any more.


def test_a_failing_refresh_is_said_once_and_tried_again(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pocketshelf_server.search.service.REFRESH_SECONDS", 0.001)
    fill(catalogue, 3)
    index, tries = ScanIndex(catalogue), []

    def refresh() -> int:
        tries.append(1)
        if len(tries) < 20:
            raise CatalogueError("the database is away")
        return ScanIndex.refresh(index)

    monkeypatch.setattr(index, "refresh", refresh)
    service = SearchService(catalogue, index)
    service.start()
    eventually(lambda: service.sequence == 3)
    service.close()
    assert service.sequence == 3
    assert caplog.text.count("the index could not be refreshed: the database is away") == 1


def test_arrays_come_back_as_they_were() -> None:
    arrays = {
        "none": np.empty((0, 5), np.int8),
        "odd": np.arange(7, dtype=np.int8),
        "floats": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4).T,
        **names_to_arrays(["", "a", "Äpfel 🍏", "b" * 1000], "names"),
        **names_to_arrays([], "nobody"),
    }
    mapped = map_arrays(*write_arrays(arrays))
    for name, array in arrays.items():
        assert mapped[name].dtype == array.dtype and np.array_equal(mapped[name], array), name
        assert not mapped[name].flags.writeable
    names = Names(mapped, "names")
    assert (
        list(names) == ["", "a", "Äpfel 🍏", "b" * 1000]
        and names[-1] == "b" * 1000
        and names[1:3] == names[1:-1]
    )
    assert len(Names(mapped, "nobody")) == 0
