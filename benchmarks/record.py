"""What every benchmark shares: its parser, and its figures with the machine and the commit as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pocketshelf_training.pages.provenance import here

RESULTS = Path(__file__).parent / "results"


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the benchmark's own description, as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def write(name: str, figures: dict[str, Any]) -> None:
    """``results/<name>.json`` with the figures, the machine and the commit; says so on standard error."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({**here(), **figures}, indent=1) + "\n")
    print(f"written to {path}", file=sys.stderr)
