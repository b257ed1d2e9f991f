"""What every page of figures is made of: Markdown tables, and the same figures as JSON beside the page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["add_write", "publish", "table", "write_page"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns whose head begins with ">" hold numbers, which stand to the right."""
    rule = "|".join("---:" if name.startswith(">") else "---" for name in head)
    names = " | ".join(name.removeprefix(">") for name in head)
    return "".join(f"{line}\n" for line in [f"| {names} |", f"|{rule}|", *map(_row, rows)])


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def add_write(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="write the page and its JSON")


def publish(markdown: str, results: Any, page: Path | None) -> None:
    """Print the page; write it and its JSON, if it is to be written."""
    if page:
        write_page(markdown, json.dumps(results, indent=1), page)
    print(markdown)


def write_page(markdown: str, document: str, page: Path) -> None:
    """``page`` and, beside it, the same figures as JSON."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(markdown, encoding="utf-8")
    page.with_suffix(".json").write_text(document + "\n", encoding="utf-8")
