"""``pocketshelf verify``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_store
from pocketshelf.cli.output import print_json, say, tell
from pocketshelf.printable import counted
from pocketshelf.store import verify_store

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "check a store to its last byte"
DESCRIPTION = """\
Check a store: hashes, pages, tables, every row and the indexes derived from them, of the current generation
and of the one kept for 'rollback'. The exit code is 1 if anything is wrong.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    report = verify_store(args.store)
    for problem in report.problems:
        say(f"pocketshelf: {problem}")
    if args.json:
        print_json(report.to_json())
    elif report.ok:
        tell(f"{args.store}: sound; {counted(report.products or 0, 'product')} at sequence {report.sequence}")
    return 0 if report.ok else 1
