"""argparse, with the command line's own rules for what reaches a terminal."""

from __future__ import annotations

import argparse
from typing import NoReturn

from pocketshelf.printable import printable, without_passwords

__all__ = ["Parser"]

LONGEST = 500


class Parser(argparse.ArgumentParser):
    """Complaints quote what was typed, which may have come out of a file's name or hold a password."""

    def error(self, message: str) -> NoReturn:
        """Wrong usage: the usage, one line, exit code 2."""
        line = printable(without_passwords(message))
        super().error(line if len(line) <= LONGEST else f"{line[:LONGEST]}…")
