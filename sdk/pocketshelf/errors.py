"""One tree of errors. Foreign exceptions are wrapped at the border with ``from``.

Every message is one line that names what is wrong and, where there is one, the remedy.
"""

from __future__ import annotations

from pocketshelf.printable import without_passwords

__all__ = [
    "BundleError",
    "CatalogueError",
    "PhotoError",
    "PocketshelfError",
    "RuntimeUnavailable",
    "ServerError",
    "SpaceMismatch",
    "StoreError",
    "SyncError",
    "Unreachable",
    "UsageError",
    "one_line",
    "reason",
]


class PocketshelfError(Exception):
    """Base of every error this project raises on purpose; ``str(error)`` is one clear line.

    The passwords of addresses in it are left out, whoever wrote them into the message.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(without_passwords(message))


class PhotoError(PocketshelfError):
    """A photo cannot be read: missing, truncated, not an image, or too large to decode safely."""


class BundleError(PocketshelfError):
    """A model bundle is missing, malformed, of an unknown version, or fails its hashes."""


class RuntimeUnavailable(PocketshelfError):
    """The library that runs a model file is not installed; the message says what to install."""


class CatalogueError(PocketshelfError):
    """A catalogue file cannot be used at all (single bad rows are reported, not raised)."""


class StoreError(PocketshelfError):
    """A store is missing, damaged, locked, or cannot be written."""


class SpaceMismatch(StoreError):
    """A store's vectors belong to another embedding space or another preprocessing."""


class ServerError(PocketshelfError):
    """The server could not be reached or answered with an error."""


class Unreachable(ServerError):
    """The server is away, or overloaded, for now: trying again later may help.

    Attributes:
        retry_after: seconds for which it asks to be left alone; None if it did not say.
    """

    def __init__(self, message: object = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SyncError(PocketshelfError):
    """A sync was refused or could not be completed; the store is as it was before."""


class UsageError(PocketshelfError):
    """The call asks for what does not exist, as an unknown category; the message lists what does."""


def one_line(cause: object, limit: int = 160) -> str:
    """What a foreign error, or a reason from outside, says: on one line, cut to ``limit`` characters."""
    return " ".join(str(cause).split())[:limit] or type(cause).__name__


def reason(error: BaseException) -> str:
    """Why a file cannot be used, for a message that names it: a system error without number and path."""
    return one_line((isinstance(error, OSError) and error.strerror) or error)
