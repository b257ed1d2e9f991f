"""From a picture's bytes to vectors, by a bundle's embedder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from sdk.errors import BundleError
from sdk.formats import Bundle, load_bundle
from sdk.preprocess import decode_photo
from server.catalogue.protocol import Space

__all__ = ["BundleEmbedder", "EmbedderFactory", "PictureEmbedder", "space_of"]


class PictureEmbedder(Protocol):
    """Makes vectors of pictures; used from one thread at a time."""

    def __call__(self, picture: bytes) -> np.ndarray:
        """Embed one picture (the file's bytes): float32 (n, D), L2-normalised rows.

        Raises:
            PhotoError: the picture cannot be decoded.
        """


Box = tuple[float, float, float, float]

EmbedderFactory = Callable[[], PictureEmbedder]
"""Makes one embedder a worker: a model runner runs one picture at a time."""


class BundleEmbedder:
    """The embedder of a bundle on the whole picture, as a shop shows it.

    Raises:
        BundleError: the bundle is damaged.
        RuntimeUnavailable: its model's runtime is not installed.
    """

    def __init__(self, bundle: Bundle) -> None:
        from sdk.runtime import open_model

        self._bundle = bundle
        self._runner = open_model(bundle.embedder_path, threads=1)

    def __call__(self, picture: bytes) -> np.ndarray:
        """One vector: that of the frame."""
        spec = self._bundle.embedder
        pixels = spec.preprocessing.apply(decode_photo(picture).pixels)
        vector = np.asarray(
            self._runner.run(pixels[None])[spec.outputs["embedding"]], dtype=np.float32
        ).reshape(1, -1)
        norm = float(np.linalg.norm(vector))
        if vector.shape[1] != spec.dimension or not np.isfinite(norm) or norm == 0:
            raise BundleError(
                f"{self._bundle.folder}: the embedder gave no usable vector of {spec.dimension} numbers"
            )
        return vector / norm


def space_of(bundle: Bundle) -> Space:
    """What the vectors of ``bundle`` mean."""
    return Space(bundle.space, bundle.preprocessing_hash, bundle.name, bundle.embedder.dimension)


def bundle_embedders(folder: str | None) -> tuple[Space, EmbedderFactory]:
    """The space and the embedders of the bundle in ``folder`` (the default bundle if None).

    Raises:
        BundleError: there is none, or it is damaged.
    """
    bundle = load_bundle(folder)
    return space_of(bundle), lambda: BundleEmbedder(bundle)
