"""What a catalogue states of a product, beside what is told of its pictures."""

from __future__ import annotations

from typing import Any

from pocketshelf.formats import Product
from pocketshelf.stages.colours import PALETTE, histograms

__all__ = ["listed"]


def listed(product: Product) -> dict[str, Any]:
    """The attributes without the palette, which every product made of pictures has."""
    assert histograms(product.attributes[PALETTE].split("; ")).any(axis=1).all()
    return {name: value for name, value in product.attributes.items() if name != PALETTE}
