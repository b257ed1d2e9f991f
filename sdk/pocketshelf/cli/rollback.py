"""``pocketshelf rollback``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_store
from pocketshelf.cli.output import print_json, tell
from pocketshelf.store import current_sequence, rollback_store

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "return a store to its previous state"
DESCRIPTION = """\
Make the generation before the current one current again. One is kept for this.

No 'sync' returns to the state that was left, only to a newer one that the server publishes. If the rollback
was a mistake, --undo takes it back.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_store(parser)
    parser.add_argument("--undo", action="store_true", help="return to the state that was rolled back from")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    generation = rollback_store(args.store, undo=args.undo)
    sequence = current_sequence(args.store)
    if args.json:
        print_json({"store": args.store, "generation": generation, "sequence": sequence})
    else:
        where = "again" if args.undo else "back"
        tell(f"{args.store}: {where} at generation {generation}, sequence {sequence}")
    return 0
