"""What docs/server.md says of the server under load is what `benchmarks/results/server_load.json` says."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from pages import ROOT

sys.path.append(str(ROOT / "benchmarks"))
SEARCH = {"count": 9, "median_ms": 4.25, "p99_ms": 12.0, "max_ms": 130.4}


def figures() -> dict[str, Any]:
    row = {"generations": 3, "sent_mb": 2750.2, "search_p99_beside_calm": 1.375}
    phases = {
        "calm": {**row, "requests": {"search": SEARCH}},
        "anew": {**row, "requests": {"search": SEARCH, "sync with changes": {**SEARCH, "median_ms": 2000.0}}},
    }
    rounds = {name: {"errors": 0, "phases": phases} for name in ("python", "nginx")}
    about = {"machine": "a machine", "commit": "abc", "load_before": 0.5, "pause": 1.0}
    return {**about, "products": 100_000, "syncing": 200, "searching": 20, "rounds": rounds}


def test_a_row_for_each_round_and_phase() -> None:
    from tables.load import server_load_table

    _, _, *rows, empty, told = server_load_table(figures()).splitlines()
    assert [row.split(" | ")[:2] for row in rows] == [
        [f"| {by}", phase] for by in ("Python", "nginx") for phase in ("calm", "anew")
    ]
    assert "4.2, 12.0, 130 ms | 1.38 × | – | – | 2,750 MB | 0 |" in rows[0] and "2000, 12.0 ms" in rows[1]
    assert not empty and "100,000 products" in told and "load before 0.5" in told


def test_the_page_says_what_the_results_say() -> None:
    from tables.load import BEGIN, END, PAGE, server_load_table

    found = json.loads((ROOT / "benchmarks/results/server_load.json").read_text())
    if "load_before" not in found:
        pytest.skip("the results are of an older form: python benchmarks/server_load.py")
    between = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert between.strip() == server_load_table(found)
