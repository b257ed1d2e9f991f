"""The kiosk's page and program through many searches, by `benchmarks/kiosk.py`, shortened."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/kiosk.py"


def test_neither_page_nor_program_grows_over_sixty_searches(chromium_path: str, trained_bundle: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--searches", "60", "--paints", "3", "--print"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["with_a_hit"] == figures["searches"] == 60
    growth = figures["growth"]
    # A leak of one node, listener or photo (a few hundred kilobytes) a search would stand out.
    assert growth["nodes"] < 45 and growth["listeners"] < 45, figures["memory"]
    assert growth["heap_mb"] < 2 and growth["program_mb"] < 25, figures["memory"]
    assert figures["bytes"]["together"] < 250_000
