"""What can go wrong while exporting; every message is one line that names the remedy."""

from __future__ import annotations

from typing import Any

from pocketshelf.errors import PocketshelfError, RuntimeUnavailable

__all__ = ["ConversionError", "ParityError", "ToolchainMissing", "UsageError"]


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


class UsageError(PocketshelfError):
    """A name that is not known here; the message lists those that are."""
