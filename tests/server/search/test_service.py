"""Search as the HTTP layer uses it."""

from __future__ import annotations

import threading
import time

import pytest
from search_truth import fill, query

from pocketshelf_server.catalogue import Delete, SqliteCatalogue
from pocketshelf_server.search import ScanIndex, SearchService


def test_the_service_refreshes_at_most_once_a_second(sqlite_catalogue: SqliteCatalogue) -> None:
    now = [0.0]
    service = SearchService(sqlite_catalogue, ScanIndex(sqlite_catalogue), clock=lambda: now[0])
    assert service.search(query(0), 5, None) == []
    fill(sqlite_catalogue, 3)
    assert service.search(query(0), 5, None) == []
    now[0] = 1.5
    hits = service.search(query(0), 5, None)
    assert {hit.title for hit in hits} == {"Title p000", "Title p001", "Title p002"}
    sqlite_catalogue.apply([Delete(hits[0].product_id)])
    assert hits[0] not in service.search(query(0), 5, None)


def test_who_closes_waits_for_the_refresh_under_way(
    sqlite_catalogue: SqliteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue is closed next, and one that is closed under a query of another thread crashes."""
    monkeypatch.setattr("pocketshelf_server.search.service.REFRESH_SECONDS", 0.001)
    index, begun, done = ScanIndex(sqlite_catalogue), threading.Event(), []

    def refresh() -> int:
        begun.set()
        time.sleep(0.2)
        done.append(sqlite_catalogue.sequence())
        return done[-1]

    monkeypatch.setattr(index, "refresh", refresh)
    service = SearchService(sqlite_catalogue, index)
    service.start()
    assert begun.wait(30)
    service.close()
    assert done and not any(thread.name == "follow" for thread in threading.enumerate())
