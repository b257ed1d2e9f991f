"""What an import embeds pictures with: a bundle's models, loaded at the first picture that needs them."""

from __future__ import annotations

from dataclasses import dataclass

from pocketshelf.encoder import Encoder
from pocketshelf.formats import Space, load_bundle, space_of
from pocketshelf_server.catalogue.base import Catalogue, require_space
from pocketshelf_server.catalogue.rows import Embedder, EmbedderFactory

__all__ = ["BundleEmbedders", "lazy_embedders"]


@dataclass(frozen=True)
class BundleEmbedders:
    """Embedders of the bundle in ``folder`` (None for the default one) for vectors of ``space``.

    Holds names alone, so that it can travel to another process, which has the bundle by the same name.
    """

    folder: str | None
    space: Space

    def __call__(self) -> Embedder:
        """An embedder.

        Raises:
            BundleError: there is no such bundle.
            SpaceMismatch: it is of another space.
        """
        bundle = load_bundle(self.folder)
        require_space(self.space, space_of(bundle))
        return Encoder.open(bundle, detects=False).enrol


def lazy_embedders(folder: str | None, catalogue: Catalogue) -> EmbedderFactory:
    """Embedders of the bundle in ``folder``.

    Args:
        folder: None for the default bundle, which is only loaded when there is a picture: a file that brings
            vectors needs none.

    Raises:
        BundleError: there is no such bundle.
        SpaceMismatch: it is of another space than the catalogue.
    """

    def load() -> EmbedderFactory:
        bundle = load_bundle(folder)
        catalogue.require_space(space_of(bundle))
        return lambda: Encoder.open(bundle, detects=False).enrol

    return (lambda: load()()) if folder is None else load()
