"""What docs/server.md says of indexes and imports is what `benchmarks/results` says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pages import ROOT

sys.path.append(str(ROOT / "benchmarks"))
ROW = {
    "index": "milvus", "vectors": 1_000_000, "commit": "abc", "build_s": 1200.4, "build_load": [0.5, 3.0],
    "median_ms": 4.5, "p99_ms": 1200.0, "recall_at_10": 0.9994, "one_category_median_ms": 0.5,
    "one_category_p99_ms": 2.0, "one_category_recall_at_10": 1.0, "load": 1.0,
}  # fmt: skip


def test_an_engines_row_says_what_was_measured_beside_other_work() -> None:
    from tables.search import engines_table

    rows = [ROW, {**ROW, "load": 9.0, "build_load": [0.5, 9.0]}]
    _, _, quiet, busy, _, told = engines_table({"machine": "m", "draw": 1, "rows": rows}).splitlines()
    assert quiet == "| `milvus` | 1,000,000 | 1,200 s | 4.5 ms | 1.2 s | 0.999 | 0.5 ms, 2 ms | 1.000 |"
    assert (
        busy.startswith("| `milvus` (busy) | 1,000,000 | 1,200 s (busy) |") and "Draw 1, commit abc" in told
    )


def test_rows_of_another_machine_say_so() -> None:
    from tables.search import engines_table

    rows = [ROW, {**ROW, "machine": "n"}, {**ROW, "machine": "m"}]
    *_, first, other, again, _, told = engines_table({"machine": "m", "draw": 1, "rows": rows}).splitlines()
    assert first == again and first.startswith("| `milvus` |") and other.startswith("| `milvus` (2) |")
    assert told.startswith("m; (2) n. ")


def test_rows_of_an_earlier_run_keep_their_machine(tmp_path: Path) -> None:
    from server_search import with_earlier

    path = tmp_path / "server_search.json"
    kept, other = {**ROW, "draw": 1}, {**ROW, "draw": 1, "index": "graph", "machine": "n"}
    path.write_text(json.dumps({"machine": "m", "rows": [kept]}))
    assert with_earlier([other], path, 1) == [other, {**kept, "machine": "m"}]
    assert with_earlier([other], tmp_path / "none.json", 1) == [other]


def test_a_row_of_candidates() -> None:
    from tables.search import tuning_table

    about = {"machine": "m", "commit": "abc", "draw": 0, "queries": 300}
    _, _, found, _, told = tuning_table(
        {**about, "rows": [{**ROW, "index": "scan"}, {**ROW, "ef": 256}]}
    ).splitlines()
    assert found == "| `milvus` | 1,000,000 | 256 | 0.999 | 4.5 ms | 1.2 s |"
    assert told == "m, draw 0, 300 queries, commit abc."


def test_an_imports_row() -> None:
    from tables.search import imports_table

    row = {"way": "ray", "workers": 2, "pictures_s": 40.5, "ratio_to_one_thread": 1.8, "first_s": 9.0}
    about = {"machine": "m", "commit": "abc", "pictures": 640, "rounds": 2, "load_before": 0.2}
    _, _, found, _, told = imports_table({**about, "rows": [row]}).splitlines()
    assert found == "| Ray's processes, on this machine | 2 | 40.5 | 1.8 × | 9 s |" and "(busy)" not in told


@pytest.mark.parametrize("name", ["server-search", "server-search-tuning", "import-ray"])
def test_the_page_says_what_the_results_say(name: str) -> None:
    from tables.search import PAGE, TABLES, filled

    results, make = TABLES[name]
    page = PAGE.read_text(encoding="utf-8")
    assert f"<!-- {name}: begin -->" in page
    path = ROOT / f"benchmarks/results/{results}.json"
    if not path.exists():
        pytest.skip("not measured yet: its benchmark says how")
    found = json.loads(path.read_text())
    assert filled(page, name, make(found)) == page
