"""Results as the kiosk's page gets them: the SDK's lines, with vectors and the addresses of pictures."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import numpy as np

from pocketshelf.catalogue.pictures import picture_names
from pocketshelf.errors import UsageError
from pocketshelf.formats.product import Product
from pocketshelf.outfit import Look
from pocketshelf.types import Detection, Hit, Region, SearchResult

__all__ = ["Lines", "region_box", "served_key", "vector_of"]

MOST_PICTURES = 12
SUGGESTED = 6


class Lines:
    """Makes documents.

    Args:
        pictures: whether there is a folder of the shop's pictures; look_pictures: of the looks' photos.
        served: the kiosk's secret for `served_key`, where there is a server, whose hits have pictures there.
    """

    def __init__(self, pictures: bool, look_pictures: bool = False, served: str | None = None) -> None:
        self._pictures, self._look_pictures, self._served = pictures, look_pictures, served

    def result(self, result: SearchResult) -> dict[str, Any]:
        """A search."""
        line = result.to_json(full=True)
        line["regions"] = [self.region(region) for region in result.regions]
        return line

    def region(self, region: Region) -> dict[str, Any]:
        """A region with its hits, its vector, its palette and all categories: what `again` needs."""
        line = region.to_json(full=True)
        line["categories"] = [
            [name, round(float(p), 4)] for name, p in region.likelihoods or region.categories
        ]
        if region.vector is not None:
            line["vector"] = base64.b64encode(np.ascontiguousarray(region.vector, "<f4").tobytes()).decode(
                "ascii"
            )
        if region.palette is not None:
            line["palette"] = region.palette
        line["hits"] = self.hits(region.hits or ())
        line["suggested"] = _suggested(region.hits or ())
        return line

    def hits(self, hits: Iterable[Hit]) -> list[dict[str, Any]]:
        """Hits, each with the address of its first picture."""
        return [self.hit(hit) for hit in hits]

    def hit(self, hit: Hit) -> dict[str, Any]:
        """A hit."""
        if hit.source == "local":
            addresses = self.pictures(hit.product_id, hit.image)
        else:
            addresses = self._served_picture(hit.product_id) if hit.image else []
        return {**hit.to_json(full=True), "picture": addresses[0] if addresses else None}

    def _served_picture(self, product_id: str) -> list[str]:
        if self._served is None:
            return []
        address = f"/served/{_named(product_id)}"
        return [f"{address}{'&' if '?' in address else '?'}key={served_key(self._served, product_id)}"]

    def pictures(self, product_id: str, image: str | None) -> list[str]:
        """Where the pictures of a product are to be had."""
        if not self._pictures or not image:
            return []
        names = picture_names(image)[:MOST_PICTURES]
        return [f"/picture/{number}/{_named(product_id)}" for number in range(len(names))]

    def look(self, look: Look) -> dict[str, Any]:
        """A look, with the address of its photo."""
        named = self._look_pictures and look.image
        return {**look.to_json(), "picture": f"/look/{quote(look.image or '', safe='')}" if named else None}

    def product(self, product: Product) -> dict[str, Any]:
        """A product at a glance."""
        addresses = self.pictures(product.product_id, product.image)
        return {
            "product_id": product.product_id,
            "title": product.title,
            "category": product.category,
            "picture": addresses[0] if addresses else None,
        }


def served_key(secret: str, product_id: str) -> str:
    """What the address of a server's picture brings along: none but what the server found is asked for there.

    Whoever reaches the kiosk could else ask the server by it for any id, as often as it lets the kiosk ask.
    """
    return hmac.new(secret.encode(), product_id.encode("utf-8", "replace"), "sha256").hexdigest()[:32]


def region_box(seen: Region | Detection) -> dict[str, Any]:
    """Where something is, and what a detector takes it for."""
    box = [round(side, 1) for side in seen.box]
    return {"box": box, "group": seen.group, "score": round(seen.score, 4)}


def _named(product_id: str) -> str:
    """The end of an address; a path cannot end in "." or "..", however they are written (WHATWG URL)."""
    return f"?id={product_id}" if product_id in (".", "..") else quote(product_id, safe="")


def _suggested(hits: Iterable[Hit]) -> list[str]:
    """The shelf's categories that the answer may have meant instead, the likeliest first."""
    return list(dict.fromkeys(hit.category for hit in hits if hit.category))[:SUGGESTED]


def vector_of(text: object, dimension: int) -> np.ndarray:
    """Float32 (D,) of length 1, from base64 of little-endian float32.

    Raises:
        UsageError: it is none.
    """
    try:
        data = base64.b64decode(text if isinstance(text, str) else "", validate=True)
        vector = np.frombuffer(data, "<f4").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise UsageError("'vector' is not base64 of float32 numbers") from error
    if len(vector) != dimension:
        raise UsageError(f"'vector' has {len(vector)} numbers, this shelf's have {dimension}; search again")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length <= 0:
        raise UsageError("'vector' has no direction")
    return (vector / length).astype(np.float32)
