"""Searches by vector go on while bad photos rain; the benchmark of that name, short."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
ATTEMPTS = 3  # The machine has other work at times; what the server itself does is there every time.


def rain() -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks/photo_rain.py"), "--seconds", "8", "--print"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment, check=True)
    return json.loads(done.stdout)


def is_quick(figures: dict[str, Any]) -> bool:
    """50 ms at p99; more only where two processes that have nothing to do with the server cost that much."""
    return figures["rain"]["p99_ms"] < max(50, 2 * figures["busy"]["p99_ms"])


def test_a_search_by_vector_is_quick_while_bad_photos_rain(trained_bundle: Path) -> None:
    seen = []
    while len(seen) < ATTEMPTS and not (seen and is_quick(seen[-1])):
        seen.append(rain())
    assert is_quick(seen[-1]), [{**figures, "photos": None} for figures in seen]
    for figures in seen:
        answers = {status for counts in figures["photos"].values() for status in counts}
        assert figures["rain"]["searches"] > 50 and "503" in answers
        assert answers <= {"200", "422", "503"}, figures["photos"]
