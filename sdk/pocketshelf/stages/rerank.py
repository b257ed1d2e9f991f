"""Re-ranking: attributes that the model sees and the catalogue states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pocketshelf.types import Hit

__all__ = ["AttributeReranker", "Reranker"]


class Reranker(Protocol):
    """The stage that puts found products into their final order."""

    def rerank(self, attributes: Mapping[str, Mapping[str, float]], hits: Sequence[Hit]) -> list[Hit]:
        """``hits`` with their final scores, best first.

        Args:
            attributes: name → label → probability, as the model sees the query.
        """


@dataclass(frozen=True)
class AttributeReranker:
    """The default `Reranker`: a product that states another attribute than the model sees falls.

    For each attribute that the catalogue states, the score falls by ``weight`` · (p1 - p), p being the
    model's probability of the stated label and p1 that of its likeliest one. So agreement costs nothing, an
    undecided model changes nothing, and scores stay comparable with those of products that state nothing.
    Values that are none of the model's labels have no say.

    Attributes:
        weight: cosine that a certain contradiction costs.
    """

    weight: float = 0.05

    def rerank(self, attributes: Mapping[str, Mapping[str, float]], hits: Sequence[Hit]) -> list[Hit]:
        """See `Reranker`."""
        scored = [replace(hit, score=hit.score - self._penalty(attributes, hit)) for hit in hits]
        return sorted(scored, key=lambda hit: -hit.score)

    def _penalty(self, attributes: Mapping[str, Mapping[str, float]], hit: Hit) -> float:
        penalty = 0.0
        for name, probabilities in attributes.items():
            stated = str(hit.attributes.get(name, "")).strip().casefold()
            by_label = {label.casefold(): p for label, p in probabilities.items()}
            if stated in by_label:
                penalty += self.weight * (max(by_label.values()) - by_label[stated])
        return penalty
