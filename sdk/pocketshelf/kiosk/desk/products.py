"""A product's page: what the shelf states of it, what is like it, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pocketshelf.encoded import FRAME, EncodedRegion
from pocketshelf.errors import BundleError, UsageError
from pocketshelf.formats.product import Product
from pocketshelf.kiosk.desk.lines import Lines
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.outfit import Looks, OutfitHit, Partners
from pocketshelf.retriever import Retriever
from pocketshelf.stages.colours import first_palettes
from pocketshelf.stages.embed import Embedding, normalise
from pocketshelf.types import Detection

__all__ = ["ProductPages"]

SIMILAR = 12
PARTNERS, LOOKS = 6, 6


class ProductPages:
    """Makes pages of one shelf's products.

    Args:
        retriever: searches the shelf.
        looks: a library of looks, if there is one.
    """

    def __init__(self, retriever: Retriever, lines: Lines, looks: Looks | None) -> None:
        self._retriever, self._lines, self._looks = retriever, lines, looks

    def page(self, product_id: str) -> dict[str, Any]:
        """One product's.

        Raises:
            NotFound: the shelf has no such product.
        """
        product = self._retriever.store.product(product_id)
        if product is None:
            raise NotFound("this shelf has no such product")
        return {
            "product_id": product.product_id,
            "title": product.title,
            "category": product.category,
            "attributes": product.attributes,
            "pictures": self._lines.pictures(product.product_id, product.image),
            "similar": self._similar(product),
            "goes_with": self._goes_with(product.product_id),
        }

    def glance(self, count: int) -> dict[str, Any]:
        """Some products, drawn anew each time; those with a picture only, where there are pictures."""
        store = self._retriever.store
        drawn = store.shard.query(
            "SELECT product_id FROM products WHERE image IS NOT NULL ORDER BY random() LIMIT ?", count
        )
        products = [store.product(product_id) for (product_id,) in drawn]
        return {"products": [self._lines.product(product) for product in products if product is not None]}

    def advises(self) -> bool:
        """Whether anything can go with anything on this shelf.

        Raises:
            BundleError, UsageError: there is no outfit head, or no garment.
        """
        first = next(iter(self._retriever.store.shard), None)
        if first is None:
            return False
        self._retriever.outfit_for_product(first.product_id, 1, self._looks)
        return True

    def _similar(self, product: Product) -> list[dict[str, Any]]:
        """Its nearest of its own category, by its first picture."""
        vector = normalise(product.vectors[0].astype(np.float32))
        palette = first_palettes([product.attributes])[0] or None
        whole = Detection((0.0, 0.0, 1.0, 1.0), FRAME, 1.0)
        region = EncodedRegion(whole, Embedding(vector, {}, {}), {}, told=palette)
        hits = self._retriever.search_region(region, SIMILAR + 1, [product.category]).hits or ()
        others = [hit for hit in hits if hit.product_id != product.product_id]
        return self._lines.hits(others[:SIMILAR])

    def _goes_with(self, product_id: str) -> list[dict[str, Any]] | None:
        try:
            outfit = self._retriever.outfit_for_product(product_id, PARTNERS, self._looks)
        except (BundleError, UsageError):
            return None
        return None if outfit.role is None else [self._partners(partners) for partners in outfit.partners]

    def _partners(self, partners: Partners) -> dict[str, Any]:
        hits = [self._lines.hit(found.hit) for found in partners.hits]
        return {"role": partners.role, "hits": hits, "looks": self._named(partners.hits)}

    def _named(self, found: Iterable[OutfitHit]) -> list[dict[str, Any]]:
        """The looks that speak for any of them, each once."""
        named = {look.look: self._lines.look(look) for hit in found for look in hit.looks}
        return list(named.values())[:LOOKS]
