"""What the HTTP layer asks of whatever turns photos into vectors."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np

from pocketshelf.errors import PocketshelfError
from pocketshelf.types import Box

__all__ = ["PhotoEmbedder", "PhotoLost", "Photos", "PhotosBusy"]


class PhotoLost(PocketshelfError):
    """The process that read a photo ended at it; another takes its place."""


class PhotosBusy(PocketshelfError):
    """No photo can be taken now.

    Attributes:
        retry_after: seconds until it is worth another try.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PhotoEmbedder(Protocol):
    """Turns photos into vectors, one at a time.

    Both methods give float32 (D,) and raise `PhotoError` (the photo is to blame), `PhotoLost`, `PhotosBusy`.
    """

    def embed(self, photo: bytes, box: Box | None = None) -> np.ndarray:
        """The query of a photo's frame, or of a box (x, y, w, h) in its upright pixels."""

    def enrol(self, photo: bytes) -> np.ndarray:
        """The vector of a shop's picture, as an import makes it."""


class Photos(Protocol):
    """Gives out places; called from any thread."""

    def check(self) -> None:
        """Raise `PhotosBusy` if there is no place now."""

    def place(self) -> AbstractContextManager[PhotoEmbedder]:
        """A place in the queue, to be taken before a photo is unpacked.

        Raises:
            PhotosBusy: all are taken.
        """
