"""The graph beside the scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
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


def test_more_candidates_find_more(sqlite_catalogue: Catalogue) -> None:
    numbers = np.random.default_rng(0)
    dimension = sqlite_catalogue.space.dimension
    rows = numbers.integers(-127, 128, (3000, 1, dimension), dtype=np.int8)
    sqlite_catalogue.apply(
        [Upsert(replace(make_product(f"{n:05}"), vectors=row)) for n, row in enumerate(rows)]
    )
    index = graph.GraphIndex(sqlite_catalogue, threads=1, ef=1)
    index.refresh()
    asked = numbers.normal(size=(100, dimension)).astype(np.float32)
    exact = [index.scan.search(query, 1, None) for query in asked]

    def found() -> int:
        return sum(index.search(query, 1, None)[:1] == best for query, best in zip(asked, exact, strict=True))

    few = found()
    index.ef = 500
    assert few < found() == 100
