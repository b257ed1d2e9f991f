"""``pocketshelf status``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_store
from pocketshelf.cli.output import print_json, print_table
from pocketshelf.store import Store
from pocketshelf.sync import sync_status

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "what is in a store"
DESCRIPTION = """\
Say what a store holds: its state, its space, its products by category; and when it was synced with which
server, up to where, and how long the server's signatures hold.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    with Store.open(args.store) as store:
        status = store.status()
    status["sync"] = sync_status(args.store)
    if args.json:
        print_json(status)
    else:
        rows = [(name, _text(value)) for name, value in status.items()]
        print_table(rows)
    return 0


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items()) or "-"
    return "-" if value is None else str(value)
