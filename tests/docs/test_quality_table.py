"""docs/quality.md's times are those of the results, each beside what was wanted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from tables.quality import judging


@pytest.mark.parametrize(("ms", "said"), [(2.94, "yes"), (3.0, "**no**")])
def test_what_a_search_takes_is_held_to_what_was_wanted(ms: float, said: str):
    spent = {"copy": 1.2, "signals": 0.9, "array": 3.3, "all": ms}
    table = judging({"ms": spent, "bytes": 38757, "machine": "a machine", "commit": "abc"})
    rows = {line.split(" | ")[0]: line for line in table.splitlines() if line.startswith("| ")}
    assert rows["| judging in a search, after decoding and detection"].endswith(f"under 3 ms: {said} |")
    assert "3.30 ms" in rows["| judging an array of pixels alone"]
    assert "38,757 bytes | under 300 kB: yes" in rows["| the network's file"]
    assert table.endswith("a machine, commit abc.\n")
