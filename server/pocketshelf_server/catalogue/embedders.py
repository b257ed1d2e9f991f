"""What an import embeds pictures with: a bundle's models, loaded at the first picture that needs them."""

from __future__ import annotations

from pocketshelf.encoder import Encoder
from pocketshelf.formats import load_bundle, space_of
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.importer import EmbedderFactory

__all__ = ["lazy_embedders"]


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
