"""The cores' ``bench``: on the benchmark's inputs it finds what the SDK finds, and says how long it took."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from phones.cores import ROOT, Core

sys.path.append(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from common.phone_inputs import write_inputs

    folder = tmp_path_factory.mktemp("bench")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def expected(inputs: Path) -> dict[str, Any]:
    from phone_cores import decode, delta, scan

    (_, hits), (_, sequence), (_, boxes, regions) = scan(inputs), delta(inputs), decode(inputs)
    return {"first_hits": hits, "sequence": sequence, "boxes": boxes, "regions": regions}


def test_a_core_finds_what_the_sdk_finds(core: Core, inputs: Path, expected: dict[str, Any]) -> None:
    (found,) = core.run("bench", "--folder", inputs)
    assert {name: found[name] for name in expected} == expected
    assert all(found[name] > 0 for name in ("scan_ms", "delta_ms", "decode_ms"))


def test_the_inputs_leave_the_sdk_something_to_do(expected: dict[str, Any]) -> None:
    assert len(set(expected["first_hits"])) > 40 and expected["boxes"] == 50 and expected["regions"] > 3
