"""What sqlite-vec's index does with files on the disk: it trusts none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from search_truth import expected, fill, query

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search import make_index
from pocketshelf_server.site import Site

REMEDY = "its engine is not installed: pip install 'pocketshelf[server]'"
pytest.importorskip("sqlite_vec", reason=REMEDY)
if not hasattr(sqlite3.Connection, "enable_load_extension"):
    pytest.importorskip("pysqlite3", reason=REMEDY)


def test_an_index_left_on_the_disk_is_not_opened(sqlite_catalogue: Catalogue, tmp_path: Path) -> None:
    """Damaged, or of another catalogue at the same sequence: native code would read it as it is."""
    fill(sqlite_catalogue, 30)
    site = tmp_path / "site"
    site.mkdir()
    (site / "vectors.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 64)
    (site / "vectors.sqlite-wal").mkdir()
    index = make_index("sqlite-vec", sqlite_catalogue, Site(site))
    index.refresh()
    found = [name for name, _ in index.search(query(0), 10, None)]
    assert found == expected(sqlite_catalogue, query(0), 10, None)
    index.close()
    assert not [path.name for path in site.iterdir() if path.is_file()]
