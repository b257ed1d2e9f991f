"""From a picture's bytes to vectors, by a bundle's embedder."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

import numpy as np

from pocketshelf.errors import BundleError, PhotoError
from pocketshelf.formats import Bundle, Space, load_bundle, space_of
from pocketshelf.formats.enrolment import enroller
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.types import Box

__all__ = [
    "BundleEmbedder",
    "EmbedderFactory",
    "PictureEmbedder",
    "bundle_embedders",
    "bundle_enrollers",
]


class PictureEmbedder(Protocol):
    """Makes vectors of pictures; used from one thread at a time."""

    def __call__(self, picture: bytes) -> np.ndarray:
        """Embed one picture (the file's bytes): float32 (n, D), L2-normalised rows.

        Raises:
            PhotoError: the picture cannot be decoded.
        """


EmbedderFactory = Callable[[], PictureEmbedder]
"""Makes one embedder a worker: a model runner runs one picture at a time."""


class BundleEmbedder:
    """The embedder of a bundle on the whole picture, as a shop shows it, or on a box of a photo.

    Raises:
        BundleError: the bundle is damaged.
        RuntimeUnavailable: its model's runtime is not installed.
    """

    def __init__(self, bundle: Bundle) -> None:
        from pocketshelf.runtime import open_model
        from pocketshelf.stages.embed import NetworkEmbedder

        self._bundle = bundle
        self._embedder = NetworkEmbedder(bundle.embedder, open_model(bundle.embedder_path, threads=1))

    def __call__(self, picture: bytes, box: Box | None = None) -> np.ndarray:
        """One vector, float32 (1, D): that of ``box`` in the upright picture's own pixels, or of the frame.

        Raises:
            PhotoError: the picture cannot be decoded, or the box lies outside it.
            BundleError: the network's outputs are not those its bundle describes.
        """
        photo = decode_photo(picture)
        if box is not None and not _overlaps(box, photo):
            raise PhotoError(f"photo: the box lies outside its {photo.width} x {photo.height} pixels")
        vector = self._embedder.embed(photo, box).vector
        if not np.isfinite(vector).all() or not vector.any():
            raise BundleError(f"{self._bundle.folder}: the embedder gave a vector without direction")
        return vector[None]

    def enrol(self, picture: bytes) -> np.ndarray:
        """The picture's vector as a catalogue takes it, float32 (1, D); raises as a call does."""
        return self._enroller(self(picture))

    @functools.cached_property
    def _enroller(self) -> Callable[[np.ndarray], np.ndarray]:
        """Read at the first picture that is enrolled: a search needs none."""
        return enroller(self._bundle)


def _overlaps(box: Box, photo: Photo) -> bool:
    x, y, width, height = box
    return x < photo.width and y < photo.height and x + width > 0 and y + height > 0


def bundle_enrollers(folder: str | None) -> tuple[Space, EmbedderFactory]:
    """As `bundle_embedders`, for pictures that join the catalogue."""
    space, make = bundle_embedders(folder)
    return space, lambda: make().enrol


def bundle_embedders(folder: str | None) -> tuple[Space, Callable[[], BundleEmbedder]]:
    """The space and the embedders of the bundle in ``folder`` (the default bundle if None).

    Raises:
        BundleError: there is none, or it is damaged.
    """
    bundle = load_bundle(folder)
    return space_of(bundle), lambda: BundleEmbedder(bundle)
