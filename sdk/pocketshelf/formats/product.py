"""One product with its int8 vectors: the row that shards, deltas and the server's catalogue share.

Columns: product_id TEXT PRIMARY KEY · sequence INTEGER · category TEXT · title TEXT · image TEXT or NULL ·
attributes TEXT (a JSON object) · vectors BLOB.

``vectors`` holds n · D bytes: n pictures, one after the other, each D signed bytes. A picture's float
vector v is stored as round(v · 127 / max|v|): cosine does not care for the length, so that no scale needs
keeping.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["NAMES", "Product", "quantize_vectors"]

NAMES = "product_id, sequence, category, title, image, attributes, vectors"


def quantize_vectors(vectors: np.ndarray) -> np.ndarray:
    """Float (n, D), or (D,), to int8 of the same shape, each vector scaled to ±127.

    Raises:
        ValueError: a vector is not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds NaN or infinity")
    top = np.abs(vectors).max(axis=-1, keepdims=True)
    # Divided first: 127 / top would overflow for vectors of nearly no length.
    return np.rint(vectors / np.where(top > 0, top, 1.0) * 127).astype(np.int8)


@dataclass(frozen=True)
class Product:
    """One product; what it may be is said in `pocketshelf.formats.product_rules`.

    Attributes:
        sequence: number of the change that last touched it; 0 until a catalogue has given it one.
        title: may be empty.
        image: the picture as the catalogue names it (a path or URL), or None.
        vectors: int8 (n, D), one row a picture.
        attributes: a JSON object: any other column of the imported file.
    """

    product_id: str
    sequence: int
    category: str
    title: str
    image: str | None
    vectors: np.ndarray = field(repr=False, compare=False)
    attributes: dict[str, Any] = field(default_factory=dict)

    def texts(self) -> tuple[str, str, str, str | None, str]:
        """Id, category, title, image, and the attributes as JSON: the one form in which they are stored.

        Raises:
            ValueError, TypeError: an attribute is nothing that JSON has.
        """
        attributes = json.dumps(
            self.attributes, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return self.product_id, self.category, self.title, self.image, attributes

    def same_content(self, other: Product) -> bool:
        """Whether all but the sequence is the same, to the byte: then to store it again changes nothing."""
        return self.texts() == other.texts() and np.array_equal(self.vectors, other.vectors)

    def to_row(self) -> tuple[Any, ...]:
        """The values in the order of the table's columns; raises as `texts`."""
        product_id, *texts = self.texts()
        return product_id, self.sequence, *texts, np.ascontiguousarray(self.vectors, dtype=np.int8).tobytes()
