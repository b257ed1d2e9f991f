"""Fitting the outfit head: what is worn together lies together, in the dimensions that the two roles share.

"Learning type-aware embeddings for fashion compatibility" (Vasileva et al., ECCV 2018): one projection, and a
mask for each pair of types. A garment's partner is told from garments of the same role worn by others; in the
softmax over all of them (InfoNCE, van den Oord et al., 2018) the hardest weigh most.

Garments come in two forms, as boxes and cut out. What two boxes of one photo share of street, light and each
other's cloth is no compatibility; a pair of which one is cut out has less of it to go by. So pairs are drawn
of both forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.outfit import ROLES, OutfitHead
from pocketshelf_training.outfits.align import alignment
from pocketshelf_training.outfits.pairing import Outfits

__all__ = ["Forms", "Recipe", "fit_head", "strangers", "with_shop"]

# Each pair as (form of the garment, form of its partner).
Forms = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Recipe:
    """What a fit does.

    Attributes:
        size: numbers of the projection.
        type_aware: a mask a pair of roles; else one for all.
        temperature: of the softmax over a batch's partners.
        batch: pairs a step; epochs: times that each pair is seen; rate: of AdamW, falling as a cosine.
        dropout: share of an embedding's numbers that a step does without.
    """

    size: int = 64
    type_aware: bool = True
    temperature: float = 0.25
    batch: int = 256
    epochs: int = 10
    rate: float = 3e-3
    decay: float = 1e-3
    dropout: float = 0.2


class _Model(torch.nn.Module):
    """A projection, begun as the principal components, and masks that are never below 0."""

    def __init__(self, rows: np.ndarray, recipe: Recipe) -> None:
        super().__init__()
        centred = rows - rows.mean(0)
        axes = np.linalg.svd(centred, full_matrices=False)[2][: recipe.size].T
        self.projection = torch.nn.Parameter(torch.tensor(axes.copy(), dtype=torch.float32))
        count = len(ROLES) if recipe.type_aware else 1
        # softplus(0.54) = 1: every dimension counts at the beginning.
        self.weights = torch.nn.Parameter(torch.full((count, count, recipe.size), 0.27))

    def masks(self) -> Tensor:
        """(R, R, K), symmetric."""
        both = functional.softplus(self.weights + self.weights.transpose(0, 1))
        return both.expand(len(ROLES), len(ROLES), -1)

    def project(self, rows: Tensor) -> Tensor:
        return functional.normalize(rows @ self.projection, dim=1)


def fit_head(outfits: Outfits, forms: Forms, recipe: Recipe | None = None, seed: int = 0) -> OutfitHead:
    """A head for street photos; its shop projection is the same until `with_shop` aligns it.

    Args:
        forms: embeddings (n, d) of the outfits' garments as the garment and as its partner are seen, for
            each kind of pair that is drawn.
    """
    recipe = recipe or Recipe()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    every = np.concatenate([part for form in forms for part in form])
    mean = every.mean(0)
    model = _Model(every, recipe)
    _train(model, outfits, [(_centred(a, mean), _centred(b, mean)) for a, b in forms], recipe, rng)
    projection = model.projection.detach().numpy()
    shift = -mean @ projection
    masks = model.masks().detach().numpy().copy()
    flat = np.ones((len(ROLES), len(ROLES)), np.float32)
    head = OutfitHead(
        ROLES,
        {"street": projection, "shop": projection},
        {"street": shift, "shop": shift},
        masks,
        np.zeros_like(flat),
        flat,
    )
    return _levelled(head, outfits, forms)


def _centred(rows: np.ndarray, mean: np.ndarray) -> Tensor:
    return torch.tensor(rows - mean, dtype=torch.float32)


def _train(
    model: _Model,
    outfits: Outfits,
    forms: list[tuple[Tensor, Tensor]],
    recipe: Recipe,
    rng: np.random.Generator,
) -> None:
    pairs, roles, photos = outfits.pairs, outfits.roles, outfits.photos
    steps = recipe.epochs * max(1, len(pairs) // recipe.batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        i, j = pairs[rng.choice(len(pairs), min(recipe.batch, len(pairs)), replace=False)].T
        garments, partners = forms[rng.integers(len(forms))]
        a = model.project(functional.dropout(garments[i], recipe.dropout))
        b = model.project(functional.dropout(partners[j], recipe.dropout))
        logits = (a * model.masks()[roles[i], roles[j]]) @ b.T / recipe.temperature
        # Only strangers of the partner's own role stand beside it.
        beside = torch.tensor((roles[j][:, None] == roles[j]) & (photos[i][:, None] != photos[j]))
        beside.fill_diagonal_(True)
        loss = functional.cross_entropy(logits.masked_fill(~beside, -1e9), torch.arange(len(i)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def _levelled(head: OutfitHead, outfits: Outfits, forms: Forms) -> OutfitHead:
    """The head with the level and spread of strangers, in each pair of roles, over all forms."""
    level, spread = np.zeros_like(head.level), np.ones_like(head.spread)
    projected = [(head.project(a), head.project(b)) for a, b in forms]
    for r in range(len(ROLES)):
        for s in range(len(ROLES)):
            i, j, apart = strangers(outfits, r, s)
            scores = [((a[i] * head.masks[r, s]) @ b[j].T)[apart] for a, b in projected]
            found = np.concatenate(scores)
            if len(found) > 1:
                level[r, s], spread[r, s] = found.mean(), max(float(found.std()), 1e-4)
    return replace(head, level=level, spread=spread)


def strangers(outfits: Outfits, r: int, s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of role ``r``, rows of role ``s``, and bool (of these, of those): not of one photo."""
    i, j = np.flatnonzero(outfits.roles == r), np.flatnonzero(outfits.roles == s)
    return i, j, outfits.photos[i][:, None] != outfits.photos[j]


def with_shop(head: OutfitHead, shop: np.ndarray, street: np.ndarray) -> OutfitHead:
    """The head whose projection of a shop's pictures first aligns them with the street's.

    Args:
        shop, street: embeddings (n, d) and (m, d) of the two, of the same groups in like shares.
    """
    matrix, shift = alignment(shop, street)
    projection = matrix @ head.projections["street"]
    shifted = shift @ head.projections["street"] + head.shifts["street"]
    return replace(
        head,
        projections={**head.projections, "shop": projection.astype(np.float32)},
        shifts={**head.shifts, "shop": shifted.astype(np.float32)},
    )
