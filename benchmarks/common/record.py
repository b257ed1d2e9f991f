"""What every benchmark shares: its parser, and its figures with the machine and the commit as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pocketshelf.errors import PocketshelfError
from pocketshelf_training.pages.provenance import here

# Where results go instead, if this variable of the environment names a folder: for a look, or a test.
ELSEWHERE = "POCKETSHELF_BENCH_RESULTS"
# The commit that `benchmarks/everything.py` began with.
COMMIT = "POCKETSHELF_BENCH_COMMIT"
RESULTS = Path(os.environ.get(ELSEWHERE) or Path(__file__).resolve().parents[1] / "results")


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the benchmark's own description, as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def write(name: str, figures: dict[str, Any]) -> None:
    """``results/<name>.json`` with the figures, the machine and the commit; says so on standard error."""
    write_to(RESULTS / f"{name}.json", figures)


def write_to(path: Path, figures: dict[str, Any]) -> None:
    """As `write`, to any file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**where(), **figures}, indent=1) + "\n")
    print(f"written to {path}", file=sys.stderr)


def where() -> dict[str, str]:
    """Machine and commit."""
    found = here()
    return {**found, "commit": os.environ.get(COMMIT) or found["commit"]}


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote."""
    return json.loads(path.read_text())


def run(main: Callable[[], int]) -> None:
    """End the process with what ``main`` returns, or with what is missing or wrong as a line."""
    try:
        sys.exit(main())
    except PocketshelfError as error:
        sys.exit(f"error: {error}")
