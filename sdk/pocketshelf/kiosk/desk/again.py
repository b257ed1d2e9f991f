"""Another look at a region of which only the vector is left: what the page sends becomes a region again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pocketshelf.encoded import FRAME, EncodedRegion
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import AttributeSpec
from pocketshelf.kiosk.desk.lines import vector_of
from pocketshelf.retriever import Retriever
from pocketshelf.stages.embed import Embedding
from pocketshelf.types import Detection, Region

__all__ = ["asked_again"]


def asked_again(
    retriever: Retriever,
    vector: object,
    palette: str | None = None,
    group: str = FRAME,
    score: float = 1.0,
    categories: Sequence[Sequence[Any]] = (),
    attributes: Mapping[str, Sequence[Any]] | None = None,
    category: str = "auto",
    where: Mapping[str, Sequence[str]] | None = None,
    top_k: int = 24,
) -> Region:
    """The products for a region as a search line told it.

    Args:
        vector: base64 of float32, little-endian.
        palette: its colours, if the line told them.
        categories: (name, probability), of all that the model knows.
        attributes: name → (label, probability).

    Raises:
        UsageError: a part of it is no such thing, or the store has no such category.
    """
    spec = retriever.encoder.bundle.embedder
    try:
        known = {str(name): float(p) for name, p in categories}
        heads = {
            name: _spread(spec.attributes[name], label, float(p))
            for name, (label, p) in (attributes or {}).items()
            if name in spec.attributes
        }
    except (TypeError, ValueError) as error:
        raise UsageError("'categories' and 'attributes' are to be those of the region, as it came") from error
    region = EncodedRegion(
        Detection((0.0, 0.0, 1.0, 1.0), group, min(1.0, max(0.0, score))),
        Embedding(vector_of(vector, spec.dimension), known, heads),
        spec.attributes,
        told=palette,
    )
    return retriever.search_region(region, top_k, category, where)


def _spread(head: AttributeSpec, label: object, probability: float) -> np.ndarray:
    """The label's probability, and what it leaves, evenly, for the others."""
    rest = (1.0 - probability) / max(1, len(head.labels) - 1)
    return np.array([probability if each == label else rest for each in head.labels], np.float32)
