"""Re-ranking: attributes that the model sees and the catalogue states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sdk.types import Hit

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
    """The default `Reranker`: a product whose attribute the model also sees gains, another loses.

    For an attribute of n labels that the catalogue states, the score changes by
    ``weight`` · (p - 1/n), p being the model's probability of the stated label; undecided models change
    nothing. Attributes that the model does not know, or values that are none of its labels, have no say.

    Attributes:
        weight: cosine that a certain attribute is worth.
    """

    weight: float = 0.05

    def rerank(self, attributes: Mapping[str, Mapping[str, float]], hits: Sequence[Hit]) -> list[Hit]:
        """See `Reranker`."""
        scored = [replace(hit, score=hit.score + self._bonus(attributes, hit)) for hit in hits]
        return sorted(scored, key=lambda hit: -hit.score)

    def _bonus(self, attributes: Mapping[str, Mapping[str, float]], hit: Hit) -> float:
        bonus = 0.0
        for name, probabilities in attributes.items():
            stated = str(hit.attributes.get(name, "")).strip().casefold()
            by_label = {label.casefold(): p for label, p in probabilities.items()}
            if stated in by_label:
                bonus += self.weight * (by_label[stated] - 1 / len(by_label))
        return bonus
