"""What every page of figures is made of: Markdown tables, and the same figures as JSON beside the page."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from pocketshelf.cli.output import tell_lines
from pocketshelf.errors import UsageError

__all__ = ["add_bundle", "add_page", "add_write", "joined", "publish", "refuse", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; columns whose head begins with ">" hold numbers, which stand to the right."""
    rule = "|".join("---:" if name.startswith(">") else "---" for name in head)
    names = " | ".join(name.removeprefix(">") for name in head)
    return "".join(f"{line}\n" for line in [f"| {names} |", f"|{rule}|", *map(_row, rows)])


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def add_write(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="write the page and its JSON")


def add_page(parser: argparse.ArgumentParser) -> None:
    """Options of a command that measures and writes a page: of what figures, and in which form."""
    parser.add_argument(
        "--figures", type=Path, metavar="FILE.json", help="write the page of these, and measure nothing"
    )
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    add_write(parser)


def add_bundle(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument("--bundle", type=Path, help="folder of the bundle (default: the one that ships)")


def refuse(args: argparse.Namespace, options: Iterable[str], why: str) -> None:
    """Raises UsageError: one of the ``options`` was given; it says ``why`` that cannot be."""
    for option in options:
        if getattr(args, option) not in (None, [], False):
            raise UsageError(f"--{option.replace('_', '-')} {why}")


def joined(parts: Iterable[str]) -> str:
    """A page of its parts, a blank line between those that end a line."""
    return "\n".join(parts).rstrip() + "\n"


def publish(markdown: str, document: str, page: Path | None, as_json: bool = False) -> None:
    """Print the page, or its JSON; write both, if they are to be written.

    Args:
        document: the same figures as JSON.
        page: where to; the JSON lies beside it.
    """
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(markdown, encoding="utf-8")
        page.with_suffix(".json").write_text(document + "\n", encoding="utf-8")
    tell_lines(document if as_json else markdown)
