"""What every benchmark writes: its figures with the machine and the commit, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pocketshelf_training.pages.provenance import commit, machine

RESULTS = Path(__file__).parent / "results"


def write(name: str, figures: dict[str, Any]) -> Path:
    """``results/<name>.json`` with the figures, the machine and the commit."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), "commit": commit(), **figures}, indent=1) + "\n")
    return path
