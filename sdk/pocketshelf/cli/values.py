"""What an option's value may be, for argparse: type and range, and one clear line about what is not."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

from pocketshelf.errors import UsageError
from pocketshelf.network.address import server_address
from pocketshelf.printable import printable

__all__ = [
    "address",
    "amount",
    "count",
    "integer",
    "number",
    "seconds",
    "seed",
    "share",
    "threads",
    "whole",
]

# int() would take 1_000, full-width digits and spaces around, and float() nan and inf.
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE)
MOST_COUNTED = 1_000_000_000


def integer(low: int, high: int) -> Callable[[str], int]:
    """An integer of ``low`` to ``high``."""

    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise _wrong(text, f"an integer of {low} to {high}")
        return int(text)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A number of ``low`` to ``high``."""

    def parse(text: str) -> float:
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not low <= value <= high:
            raise _wrong(text, f"a number of {low:g} to {high:g}")
        return value

    return parse


count = integer(1, MOST_COUNTED)
whole = integer(0, MOST_COUNTED)
seed = integer(0, 2**32 - 1)
share = number(0, 1)
amount = number(0, 1e6)
threads = integer(1, 1024)
seconds = number(0.001, 86_400)


def address(text: str) -> str:
    """A server's address."""
    try:
        return server_address(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _wrong(text: str, wanted: str) -> argparse.ArgumentTypeError:
    shown = printable(text)
    return argparse.ArgumentTypeError(f"{shown if len(shown) <= 40 else shown[:40] + '…'} is not {wanted}")
