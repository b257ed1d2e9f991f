"""``pocketshelf-server …``: one module a command.

Progress and logs go to standard error. Exit 0 done · 1 the input or the site is bad · 2 wrong usage.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from pocketshelf.errors import PocketshelfError

__all__ = ["build_parser", "main"]

DESCRIPTION = """\
The sync server: keeps a catalogue of products, publishes it to devices as signed generations,
and answers full-catalogue searches.

A first site, from a catalogue file to a running server:

  pocketshelf-server init SITE                        make the folder, its keys, an empty catalogue
  pocketshelf-server import SITE shop.csv --images pictures/
  pocketshelf-server publish SITE                     sign a generation: snapshot and deltas
  pocketshelf-server serve SITE --port 8000

A device then pulls it:  pocketshelf sync --store DIR --server http://HOST:8000
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; each sets ``run``, a function of the parsed arguments."""
    from pocketshelf_server.cli import import_, init, keys, publish, serve, stats

    parser = argparse.ArgumentParser(
        prog="pocketshelf-server",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (init, import_, publish, serve, keys, stats):
        module.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parsed = build_parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return parsed.run(parsed) or 0
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # A full disk, a folder that may not be written.
        print(f"error: {_place(error)}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _place(error: OSError) -> str:
    return "" if error.filename is None else f"{error.filename}: "
