"""The embedder's losses by name; a new one is a function here and its weight in `Weights`."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from pocketshelf_training.losses.distillation import relational, to_teacher
from pocketshelf_training.losses.gallery import to_gallery
from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.protocol import Loss
from pocketshelf_training.losses.proxies import cosface
from pocketshelf_training.samplers.pool_batches import Batch

__all__ = ["GARMENTS", "LOSSES", "MARGIN", "SCALE", "SMOOTHING", "Galleries", "Seen", "Weights"]

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


@dataclass(frozen=True)
class Seen:
    """One step.

    Attributes:
        embeddings: unit (n, d). logits: (n, categories).
        proxies: (c, d), of the products, then of the garment labels.
        labels: int64 (n,), each picture's proxy.
        garment_weight: of a garment's proxy beside a product's.
    """

    embeddings: Tensor
    logits: Tensor
    batch: Batch
    galleries: Galleries
    proxies: Tensor
    labels: Tensor
    garment_weight: float


def identity(seen: Seen) -> Tensor:
    each = cosface(seen.embeddings, seen.proxies, seen.labels, SCALE, MARGIN, SMOOTHING)
    return (torch.where(seen.batch.products < 0, seen.garment_weight, 1.0) * each).mean()


def retrieval(seen: Seen) -> Tensor:
    queries = (seen.batch.products >= 0) & ~seen.batch.shop
    products = seen.batch.products[queries]
    return to_gallery(seen.embeddings[queries], seen.galleries.shop, products, SCALE).mean()


def category(seen: Seen) -> Tensor:
    return known_cross_entropy(seen.logits, seen.batch.categories, SMOOTHING)


def instance(seen: Seen) -> Tensor:
    assert seen.galleries.garments is not None
    part = seen.batch.parts[GARMENTS]
    return to_gallery(seen.embeddings[part], seen.galleries.garments, seen.batch.rows[part], SCALE).mean()


def general(seen: Seen) -> Tensor:
    return relational(seen.embeddings, _rows(seen.galleries.general, seen.batch), SCALE, SCALE).mean()


def teacher(seen: Seen) -> Tensor:
    return to_teacher(seen.embeddings, _rows(seen.galleries.teacher, seen.batch)).mean()


def ranking(seen: Seen) -> Tensor:
    return relational(seen.embeddings, _rows(seen.galleries.teacher, seen.batch), SCALE, SCALE).mean()


def _rows(targets: dict[str, Tensor], batch: Batch) -> Tensor:
    """The targets of a batch's pictures, in its order."""
    return torch.cat(
        [targets[name][batch.turns[part], batch.rows[part]] for name, part in batch.parts.items()]
    )


LOSSES: dict[str, Loss[Seen]] = {
    "identity": identity,
    "retrieval": retrieval,
    "category": category,
    "instance": instance,
    "general": general,
    "teacher": teacher,
    "ranking": ranking,
}
