"""Retrieval as it is measured: a query against pictures of which one is right."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["street_to_shop", "to_gallery"]


def to_gallery(embeddings: Tensor, gallery: Tensor, labels: Tensor, scale: float) -> Tensor:
    """Cross-entropy of each query over fixed gallery vectors: retrieval, as it is measured.

    Args:
        gallery: unit vectors (c, d); no gradient goes there.
        labels: (n,) the right row of each.
    """
    return functional.cross_entropy(scale * embeddings @ gallery.T, labels, reduction="none")


def street_to_shop(vectors: Tensor, identities: Tensor, shop: Tensor, scale: float = 20.0) -> Tensor:
    """Cross-entropy of each street photo over the batch's products, its own shop picture being right.

    Args:
        vectors: unit (n, d); identities: int64 (n,), -1 unknown; shop: bool (n,).
            A product with several shop pictures is represented by the nearest of them.
    """
    gallery, products = vectors[shop & (identities >= 0)], identities[shop & (identities >= 0)]
    asked = ~shop & (identities >= 0) & torch.isin(identities, products)
    if not asked.any():
        return vectors.sum() * 0
    names, columns = products.unique(return_inverse=True)
    cosine = vectors[asked] @ gallery.T
    nearest = cosine.new_full((len(cosine), len(names)), -1.0).scatter_reduce(
        1, columns.expand(len(cosine), -1), cosine, "amax"
    )
    return functional.cross_entropy(scale * nearest, torch.searchsorted(names, identities[asked]))
