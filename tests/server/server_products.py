"""Products whose vectors follow from their ids, for the server's tests."""

from __future__ import annotations

import hashlib

import numpy as np

from sdk.formats import quantize_vectors
from server.catalogue import Product, Space

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
