"""Find the command, run it, and turn what goes wrong into one line and an exit code.

Exit codes: 0 done · 1 the input or the store is bad · 2 wrong usage · 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from pocketshelf.cli.output import say
from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.shipped import version

__all__ = ["COMMANDS", "available_commands", "build_parser", "main"]

# Command → module with ``SUMMARY``, ``DESCRIPTION``, perhaps ``EPILOG``, ``add_arguments(parser)`` and
# ``run(args) -> int``. A module is only imported when its command is called or help is asked for.
COMMANDS = (
    ("demo", "pocketshelf.cli.demo"),
    ("build", "pocketshelf.cli.build"),
    ("search", "pocketshelf.cli.search"),
    ("detect", "pocketshelf.cli.detect"),
    ("embed", "pocketshelf.cli.embed"),
    ("sync", "pocketshelf.cli.sync"),
    ("status", "pocketshelf.cli.status"),
    ("verify", "pocketshelf.cli.verify"),
    ("rollback", "pocketshelf.cli.rollback"),
    ("outfit", "pocketshelf.cli.outfit"),
    ("kiosk", "pocketshelf.cli.kiosk"),
)

_EPILOG = """\
examples:
  pocketshelf build catalogue.csv --store shelf     a store from a catalogue and its pictures
  pocketshelf search photo.jpg --store shelf        the products in a photo
  pocketshelf search *.jpg --store shelf --json     one JSON line a photo
  pocketshelf demo                                  all of it, on real photos where they are found

The models are those in models/first, or in the folder that POCKETSHELF_BUNDLE names.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Wrong usage leaves by `SystemExit` (2), as argparse does."""
    argv = list(sys.argv[1:] if argv is None else argv)
    _set_encoding()
    try:
        args = build_parser(argv).parse_args(argv)
        return args.run(args)
    except UsageError as error:
        say(f"pocketshelf: {error}")
        return 2
    except PocketshelfError as error:
        say(f"pocketshelf: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def build_parser(argv: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser with the one command that ``argv`` calls, or with all of them if it calls none."""
    parser = argparse.ArgumentParser(
        prog="pocketshelf",
        description="A photo in, the products in it out: on this device, without a network.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pocketshelf {version()}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands = available_commands()
    called = [name for name in argv[:1] if name in commands]
    for name in called or commands:
        _add_command(subparsers, name, importlib.import_module(commands[name]))
    return parser


def _add_command(subparsers: argparse._SubParsersAction, name: str, module: ModuleType) -> None:
    parser = subparsers.add_parser(
        name,
        help=module.SUMMARY,
        description=module.DESCRIPTION,
        epilog=getattr(module, "EPILOG", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, one document a line")
    parser.set_defaults(run=module.run)


def available_commands() -> dict[str, str]:
    """Command → module, of those whose module is installed."""
    return {name: module for name, module in COMMANDS if _exists(module)}


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # Its package is not there.
        return False


def _set_encoding() -> None:
    """UTF-8 whatever the locale; a file name that is no text comes out as a JSON escape."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")
    if hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="backslashreplace")
