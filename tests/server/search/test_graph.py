"""The graph beside the scan."""

from __future__ import annotations

import pytest
from server_products import make_product

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import Catalogue, Upsert
from pocketshelf_server.search import graph


def test_a_build_of_usearch_that_answers_wrongly_is_refused(
    sqlite_catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_catalogue.apply([Upsert(make_product("a"))])
    assert graph.GraphIndex(sqlite_catalogue).refresh() == 1
    monkeypatch.setattr(graph, "graph_is_sound", lambda: False)
    with pytest.raises(CatalogueError, match="wrongly; set index to 'scan'"):
        graph.GraphIndex(sqlite_catalogue).refresh()
