"""argparse, with the command line's own rules for what reaches a terminal."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from pocketshelf.printable import printable, without_passwords

__all__ = ["FILES", "FOLDERS", "Parser"]

LONGEST = 500
# What the placeholders of arguments that name folders and files begin with.
FOLDERS = ("DIR", "SITE")
FILES = ("PHOTO", "FILE", "CATALOGUE", "X.npy")


class Parser(argparse.ArgumentParser):
    """Complaints quote what was typed, which may have come out of a file's name or hold a password."""

    def error(self, message: str) -> NoReturn:
        """Wrong usage: the usage, one line, exit code 2."""
        line = printable(without_passwords(message))
        super().error(line if len(line) <= LONGEST else f"{line[:LONGEST]}…")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """An empty name would be the folder one is in: of a shell's variable that is not set, as a rule."""
        if not arg_string and str(action.metavar or "").startswith(FOLDERS + FILES):
            raise argparse.ArgumentError(action, "is empty; is a variable of the shell not set?")
        return super()._get_value(action, arg_string)
