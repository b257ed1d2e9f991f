"""What the demos' READMEs say was measured is what `benchmarks/results/phone_cores.json` says."""

from __future__ import annotations

import json
import sys

import pytest

from phones.cores import ROOT

sys.path.append(str(ROOT / "benchmarks"))
FIGURES = {
    "machine": "a machine",
    "rounds": 5,
    "sdk": {
        "scan_ms": 0.2,
        "scan_without_numkong_ms": 4.0,
        "numkong_kernel_ms": 0.1,
        "delta_ms": 50.0,
        "decode_ms": 10.0,
    },
    "swift": {
        "scan_ms": 0.25,
        "delta_ms": 20.0,
        "decode_ms": 0.5,
        "ratio_to_sdk": {"scan": 1.25, "delta": 0.4, "decode": 0.05},
    },
}


def test_a_table_replaces_the_one_before() -> None:
    from tables.phone import BEGIN, END, with_table

    once = with_table(f"# Demo\n\n{BEGIN}\nold\n{END}\n\nmore\n", "swift", FIGURES)
    assert "old" not in once and once.startswith("# Demo\n") and once.endswith(f"{END}\n\nmore\n")
    assert "| 0.25 ms | 0.2 ms | 1.25 |" in once and "on a phone" in once
    assert with_table(once, "swift", FIGURES) == once
    assert with_table("# No marks\n", "swift", FIGURES) == "# No marks\n"


@pytest.mark.parametrize("name", ["kotlin", "swift"])
def test_a_readme_says_what_was_measured(name: str) -> None:
    from tables.phone import BEGIN, READMES, with_table

    results = ROOT / "benchmarks/results/phone_cores.json"
    if not READMES[name].exists() or not results.exists():
        pytest.skip("nothing was measured yet")
    readme = READMES[name].read_text()
    assert BEGIN in readme, f"{READMES[name]} has no place for what benchmarks/phone_cores.py measures"
    assert with_table(readme, name, json.loads(results.read_text())) == readme
