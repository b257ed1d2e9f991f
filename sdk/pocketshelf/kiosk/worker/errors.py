"""What a desk says no with, beyond the project's own errors."""

from __future__ import annotations

from pocketshelf.errors import PocketshelfError

__all__ = ["NotFound"]


class NotFound(PocketshelfError):
    """There is no such product, picture or barcode."""
