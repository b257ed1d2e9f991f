"""``pocketshelf-server …``: one module a command. Progress and logs go to standard error."""

from __future__ import annotations

from collections.abc import Sequence

from pocketshelf.cli.logs import set_up_logging
from pocketshelf.cli.program import Program
from pocketshelf_server import priority

__all__ = ["PROGRAM", "main"]

DESCRIPTION = """\
The sync server: keeps a catalogue of products, publishes it to devices as signed generations,
and answers full-catalogue searches.

A first site, from a catalogue file to a running server:

  pocketshelf-server init SITE                        make the folder, its keys, an empty catalogue
  pocketshelf-server import SITE shop.csv --images pictures/
  pocketshelf-server publish SITE                     sign a generation: snapshot and deltas
  pocketshelf-server serve SITE --port 8000

A device then pulls it; the first time it must be told whom to trust, by --root:

  pocketshelf sync --store DIR --server http://HOST:8000 --root SITE/repository/metadata/1.root.json
"""

PROGRAM = Program(
    name="pocketshelf-server",
    description=DESCRIPTION,
    epilog=None,
    commands={
        "init": "pocketshelf_server.cli.init",
        "import": "pocketshelf_server.cli.import_",
        "publish": "pocketshelf_server.cli.publish",
        "serve": "pocketshelf_server.cli.serve",
        "keys": "pocketshelf_server.cli.keys",
        "token": "pocketshelf_server.cli.token",
        "doctor": "pocketshelf_server.cli.doctor",
        "stats": "pocketshelf_server.cli.stats",
    },
    complaint="error",
    extra="server",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    set_up_logging()
    priority.own(arguments is None)
    return PROGRAM.main(arguments)
