"""A program of commands: find the command, run it, and turn what goes wrong into one line and an exit code.

Exit codes: 0 done · 1 the input or the store is bad · 2 wrong usage · 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from pocketshelf.cli.completion import SHELLS, Completion
from pocketshelf.cli.extras import missing_library
from pocketshelf.cli.options import INTERRUPTED
from pocketshelf.cli.output import say
from pocketshelf.cli.parser import Parser
from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.runtime.notices import owns_process
from pocketshelf.shipped import version

__all__ = ["Program"]


@dataclass(frozen=True)
class Program:
    """One command line.

    Attributes:
        name: as it is typed.
        description, epilog: its help, above and below the commands.
        commands: command → module with ``SUMMARY``, ``DESCRIPTION``, perhaps ``EPILOG``,
            ``add_arguments(parser)`` and ``run(args) -> int``, and ``JSON = False`` if it takes no --json.
            A module is only imported when its command is called or help is asked for; one that is not
            installed is not offered.
        complaint: what a line about something wrong begins with.
        extra: which of the package's extras brings the libraries of these commands, if one does.
    """

    name: str
    description: str
    epilog: str | None
    commands: Mapping[str, str]
    complaint: str
    extra: str | None = None

    @owns_process
    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run one command; the exit code. Wrong usage leaves by `SystemExit` (2), as argparse does."""
        argv = list(sys.argv[1:] if argv is None else argv)
        _set_encoding()
        try:
            with _loading():
                args = self.parser(argv).parse_args(argv)
            return args.run(args)
        except BrokenPipeError:
            # The reader has seen enough. Python would complain once more when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (PocketshelfError, OSError) as error:
            say(f"{self.complaint}: {_line(error)}")
            return 2 if isinstance(error, UsageError) else 1
        except ModuleNotFoundError as error:
            line = missing_library(error, self.extra)
            if line is None:
                raise
            say(f"{self.complaint}: {line}")
            return 1
        except KeyboardInterrupt:
            return INTERRUPTED

    def parser(self, argv: Sequence[str] = ()) -> Parser:
        """The parser with the one command that ``argv`` calls, or with all of them if it calls none."""
        parser = Parser(
            prog=self.name,
            description=self.description,
            epilog=self.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.add_argument("--version", action="version", version=f"{self.name} {version()}")
        parser.add_argument(
            "--print-completion",
            metavar="SHELL",
            action=Completion,
            choices=SHELLS,
            program=self,
            help=f"print what makes a shell complete this command: {', '.join(SHELLS)}",
        )
        subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        commands = self.available()
        called = [name for name in argv[:1] if name in commands]
        for name in called or commands:
            _add_command(subparsers, name, importlib.import_module(commands[name]))
        return parser

    def available(self) -> dict[str, str]:
        """Command → module, of those whose module is installed."""
        return {name: module for name, module in self.commands.items() if _exists(module)}


@contextmanager
def _loading() -> Iterator[None]:
    """Modules stay: to look for rubbish among them while they come would only delay the command."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _add_command(subparsers: argparse._SubParsersAction, name: str, module: ModuleType) -> None:
    parser = subparsers.add_parser(
        name,
        help=module.SUMMARY,
        description=module.DESCRIPTION,
        epilog=getattr(module, "EPILOG", None),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    if getattr(module, "JSON", True):
        parser.add_argument("--json", action="store_true", help="print JSON, one document a line")
    parser.set_defaults(run=module.run)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # Its package is not there.
        return False


def _line(error: PocketshelfError | OSError) -> str:
    if isinstance(error, PocketshelfError):
        return str(error)
    place = "" if error.filename is None else f"{error.filename}: "  # A full disk, a folder not ours.
    return f"{place}{error.strerror or error}"


def _set_encoding() -> None:
    """UTF-8 whatever the locale; a file name that is no text comes out as a JSON escape."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="surrogateescape")
    if hasattr(sys.stderr, "reconfigure"):
        sys.stderr.reconfigure(errors="backslashreplace")
