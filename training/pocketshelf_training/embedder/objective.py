"""What the embedder is trained for: a sum of losses, each with its weight."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from pocketshelf_training.embedder.batches import Batch
from pocketshelf_training.embedder.losses import cosface, relational, to_gallery, to_teacher

__all__ = ["Galleries", "Objective", "Weights"]

SCALE, MARGIN, SMOOTHING = 20.0, 0.1, 0.1
GARMENTS = "clothing-train"


@dataclass(frozen=True)
class Weights:
    """Of each loss in the sum.

    Attributes:
        identity: of a product's and a garment label's proxy.
        garment: of a garment label's, beside a product's; its pull is weak: it orders, it must not collapse.
        retrieval: a phone photo against the shop's pictures.
        category: cross-entropy of the category head.
        instance: a garment photo against all garment photos' own vectors: the space stays wide where no
            product pulls (Wu et al., "Unsupervised feature learning via non-parametric instance
            discrimination", CVPR 2018).
        general: stay as ImageNet's features rank the batch.
        teacher, ranking: to the teacher's vectors, and to its ranking of the batch.
    """

    identity: float = 1.0
    garment: float = 0.3
    retrieval: float = 0.5
    category: float = 0.5
    instance: float = 0.0
    general: float = 0.0
    teacher: float = 0.0
    ranking: float = 0.0


@dataclass
class Galleries:
    """Vectors that the losses hold pictures against; no gradient goes there.

    Attributes:
        shop: unit (products, d), a row for each product of the training.
        garments: unit (n, d) of the garment photos, where ``instance`` has a weight.
        general, teacher: pool → (turns, n, e), (turns, n, d) of all its pictures as each turn of the
            colour channels leaves them, where they have a weight.
    """

    shop: Tensor
    garments: Tensor | None = None
    general: dict[str, Tensor] = field(default_factory=dict)
    teacher: dict[str, Tensor] = field(default_factory=dict)


class Objective(nn.Module):
    """The losses, with a proxy a product and a garment label.

    Args:
        products: how many, virtual ones included.
        categories: names of the category head, the garments last.
        garments: how many of them are garments.
    """

    def __init__(self, products: int, categories: int, garments: int, dimension: int, weights: Weights):
        super().__init__()
        self.products, self.first_garment, self.weights = products, categories - garments, weights
        self.proxies = nn.Parameter(torch.randn(products + garments, dimension) * 0.1)

    def forward(
        self, embeddings: Tensor, logits: Tensor, batch: Batch, galleries: Galleries
    ) -> dict[str, Tensor]:
        """Weighted terms by name; those without a weight are left out."""
        weights = self.weights
        garment = batch.products < 0
        labels = torch.where(garment, batch.categories - self.first_garment + self.products, batch.products)
        proxy = cosface(embeddings, self.proxies, labels, SCALE, MARGIN, SMOOTHING)
        queries = ~garment & ~batch.shop
        retrieval = to_gallery(embeddings[queries], galleries.shop, batch.products[queries], SCALE)
        terms = {
            "identity": weights.identity * (torch.where(garment, weights.garment, 1.0) * proxy).mean(),
            "retrieval": weights.retrieval * retrieval.mean(),
            "category": weights.category
            * nn.functional.cross_entropy(
                logits, batch.categories, label_smoothing=SMOOTHING, ignore_index=-1
            ),
        }
        if weights.instance and galleries.garments is not None:
            part = batch.parts[GARMENTS]
            instance = to_gallery(embeddings[part], galleries.garments, batch.rows[part], SCALE)
            terms["instance"] = weights.instance * instance.mean()
        if weights.general:
            general = relational(embeddings, _rows(galleries.general, batch), SCALE, SCALE)
            terms["general"] = weights.general * general.mean()
        if weights.teacher or weights.ranking:
            targets = _rows(galleries.teacher, batch)
            terms["teacher"] = weights.teacher * to_teacher(embeddings, targets).mean()
            terms["ranking"] = weights.ranking * relational(embeddings, targets, SCALE, SCALE).mean()
        return terms


def _rows(targets: dict[str, Tensor], batch: Batch) -> Tensor:
    """The targets of a batch's pictures, in its order."""
    return torch.cat(
        [targets[name][batch.turns[part], batch.rows[part]] for name, part in batch.parts.items()]
    )
