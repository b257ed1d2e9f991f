"""Search as the HTTP layer uses it."""

from __future__ import annotations

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
