"""The command line: a thin shell over the library, one small file a command."""

from pocketshelf.cli.entry import main

__all__ = ["main"]
