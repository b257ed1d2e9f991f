"""Products whose vectors follow from their ids, for the server's tests."""

from __future__ import annotations

import hashlib

import numpy as np

from pocketshelf.formats import quantize_vectors
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_server.catalogue import Product, Space, open_catalogue
from pocketshelf_server.cli.common import open_repository
from pocketshelf_server.publish import Published, Publisher
from pocketshelf_server.site import Site

DIMENSION = 16
SPACE = Space("test-space", "0123456789abcdef", "test-bundle", DIMENSION)


def make_product(
    product_id: str, seed: int = 0, category: str = "Apple", pictures: int = 1, **attributes: object
) -> Product:
    """A product whose vectors follow from its id and ``seed``."""
    digest = hashlib.sha256(f"{product_id}/{seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    vectors = quantize_vectors(rng.standard_normal((pictures, DIMENSION)))
    text = f"{product_id}{seed}{category}{pictures}{sorted(attributes.items())}"
    content = hashlib.sha256(text.encode()).hexdigest()
    return Product(
        product_id, category, f"Title {product_id}", f"{product_id}.jpg", attributes, vectors, content
    )


def embed_by_colour(picture: bytes, box: tuple | None = None) -> np.ndarray:
    """A stand-in for the model: the picture's mean colour, repeated; float32 (DIMENSION,)."""
    pixels = decode_photo(picture).pixels
    if box is not None:
        x, y, w, h = (int(side) for side in box)
        pixels = pixels[y : y + h, x : x + w]
    vector = np.resize(pixels.reshape(-1, 3).mean(axis=0), DIMENSION).astype(np.float32) + 1
    return vector / np.linalg.norm(vector)


def publish(site: Site, shards: list[str] | None = None) -> list[Published]:
    """Publish and sign, as the command does."""
    catalogue = open_catalogue(site)
    publisher = Publisher(site, catalogue)
    try:
        results = publisher.publish(shards)
        open_repository(site).sign_targets(publisher.targets())
        return results
    finally:
        publisher.close()
        catalogue.close()
