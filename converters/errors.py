"""What can go wrong while exporting; every message is one line that names the remedy."""

from __future__ import annotations

from sdk.errors import PocketshelfError, RuntimeUnavailable

__all__ = ["ConversionError", "ParityError", "ToolchainMissing", "UsageError"]


class ConversionError(PocketshelfError):
    """A network cannot be converted, or what was written cannot be put in its place."""


class ParityError(ConversionError):
    """A converted file does not compute what PyTorch computes; the message names the worst photo."""


class ToolchainMissing(RuntimeUnavailable):
    """A target's toolchain is not installed; the message names the extra that brings it."""


class UsageError(PocketshelfError):
    """A name that is not known here; the message lists those that are."""
