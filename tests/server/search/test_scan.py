"""The exact scan: when it reads everything again, and how it picks the best."""

from __future__ import annotations

import numpy as np
import pytest
from search_truth import expected, fill, query

from pocketshelf_server.catalogue import Delete, SqliteCatalogue
from pocketshelf_server.search import ScanIndex
from pocketshelf_server.search.scan import _largest


def test_the_scan_reads_everything_again_when_a_tenth_has_changed(
    sqlite_catalogue: SqliteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf_server.search.scan.REBUILD_MINIMUM", 5)
    fill(sqlite_catalogue, 40)
    index = ScanIndex(sqlite_catalogue)
    index.refresh()
    base = index.base
    sqlite_catalogue.apply([Delete("p000"), Delete("p001")])
    index.refresh()
    assert index.base is base and len(index) == 38
    fill(sqlite_catalogue, 10, seed=1)
    index.refresh()
    assert index.base is not base and len(index) == 40
    assert [k for k, _ in index.search(query(3), 40, None)] == expected(sqlite_catalogue, query(3), 40, None)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000, 5000])
@pytest.mark.parametrize("count", [1, 10, 64, 700])
def test_the_largest_are_the_largest(n: int, count: int) -> None:
    rng = np.random.default_rng(n * count)
    for scores in (rng.standard_normal(n), rng.integers(0, 3, n).astype(float), np.zeros(n), -np.arange(n)):
        found = scores.astype(np.float32)[_largest(scores.astype(np.float32), count)]
        assert sorted(found, reverse=True) == sorted(scores.astype(np.float32), reverse=True)[:count]
