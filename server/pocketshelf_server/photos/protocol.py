"""What the HTTP layer asks of whatever reads photos."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pocketshelf.errors import PocketshelfError
from pocketshelf.types import Box

__all__ = ["Enrolled", "PhotoEmbedder", "PhotoLost", "Photos", "PhotosBusy"]


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


@dataclass(frozen=True)
class Enrolled:
    """A shop's picture as an import takes it in.

    Attributes:
        vector: float32 (D,).
        palette: its colours (`pocketshelf.stages.colours.palette_of`).
        features: its local features (`pocketshelf.formats.features.Print.to_bytes`); b"" where it has none,
            or none were asked for.
    """

    vector: np.ndarray
    palette: str = ""
    features: bytes = b""


class PhotoEmbedder(Protocol):
    """Reads photos, one at a time.

    Both methods raise `PhotoError` (the photo is to blame), `PhotoLost`, `PhotosBusy`.
    """

    def embed(self, photo: bytes, box: Box | None = None) -> np.ndarray:
        """The query of a photo's frame, or of a box (x, y, w, h) in its upright pixels: float32 (D,)."""

    def enrol(self, photo: bytes, closely: bool = False) -> Enrolled:
        """A shop's picture; with its local features if ``closely``."""


class Photos(Protocol):
    """Gives out places; called from any thread."""

    def check(self) -> None:
        """Raise `PhotosBusy` if there is no place now."""

    def place(self) -> AbstractContextManager[PhotoEmbedder]:
        """A place in the queue, to be taken before a photo is unpacked.

        Raises:
            PhotosBusy: all are taken.
        """
