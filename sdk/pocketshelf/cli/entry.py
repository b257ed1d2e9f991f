"""``pocketshelf``: its commands."""

from __future__ import annotations

from pocketshelf.cli.program import Program

__all__ = ["PROGRAM", "main"]

_EPILOG = """\
examples:
  pocketshelf build catalogue.csv --store shelf     a store from a catalogue and its pictures
  pocketshelf search photo.jpg --store shelf        the products in a photo
  pocketshelf search *.jpg --store shelf --json     one JSON line a photo
  pocketshelf demo                                  all of it, on real photos where they are found

The models are those in models/universal, or in the folder that POCKETSHELF_BUNDLE names.
"""

_COMMANDS = (
    "demo", "build", "search", "detect", "embed", "sync", "status", "verify", "rollback", "outfit", "kiosk"
)  # fmt: skip

PROGRAM = Program(
    name="pocketshelf",
    description="A photo in, the products in it out: on this device, without a network.",
    epilog=_EPILOG,
    commands={name: f"pocketshelf.cli.{name}" for name in _COMMANDS},
    complaint="pocketshelf",
)
main = PROGRAM.main
