"""The kiosk page's rules that need no browser: `node --test`, where there is a node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "kiosk"


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here: the page's scripts are not run")
@pytest.mark.parametrize("script", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.name)
def test_the_kiosk_pages_rules(script: Path) -> None:
    done = subprocess.run(["node", "--test", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
