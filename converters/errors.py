"""What can go wrong while exporting; every message is one line that names the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pocketshelf.errors import PocketshelfError, RuntimeUnavailable, UsageError

__all__ = ["ConversionError", "ParityError", "ToolchainMissing", "one_line", "unknown"]


class ConversionError(PocketshelfError):
    """A network cannot be converted, or what was written cannot be put in its place."""


class ParityError(ConversionError):
    """A converted file does not compute what PyTorch computes; the message names the worst photo.

    Attributes:
        report: the gate's `converters.parity.Report`, which the failed export leaves no file of.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class ToolchainMissing(RuntimeUnavailable):
    """A target's toolchain is not installed; the message names the extra that brings it."""


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """That ``name`` is no ``what``; lists those that are."""
    return UsageError(f"unknown {what} {name!r}; there are {', '.join([*known, 'all'])}")


def one_line(error: Exception) -> str:
    """What a toolchain's exception says, on one line of at most 160 characters."""
    return " ".join(str(error).split())[:160] or type(error).__name__
