"""Fitting the head's second part: which colours are worn together, by histograms of the garments' palettes.

Beside the embedding's part and apart from it: the two are added in standard deviations of strangers. As one
vector with the embedding, colours help less (`pocketshelf_training.outfits.coloured`, docs/outfits.md).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pocketshelf.outfit import ROLES, OutfitHead
from pocketshelf.outfit.colour_head import ColourHead, evened
from pocketshelf_training.outfits.fit import Recipe, fit_head, strangers
from pocketshelf_training.outfits.street import StreetOutfits

__all__ = ["NEARNESS", "RECIPE", "WEIGHT", "weighed", "with_colours"]

# One mask for all roles is as good as one a pair (AUC within 0.003), and a histogram needs no dropout.
RECIPE = Recipe(size=32, type_aware=False, dropout=0.0)
# Chosen on the part of train that is kept apart: see docs/outfits.md.
WEIGHT, NEARNESS = 1.0, 0.5


def with_colours(
    head: OutfitHead, outfits: StreetOutfits, seed: int = 0, recipe: Recipe = RECIPE, weight: float = WEIGHT
) -> OutfitHead:
    """The head, which has learnt from the same outfits, with how their colours go together."""
    forms = [(evened(a), evened(b)) for a, b in outfits.shades]
    fitted = fit_head(outfits.boxes, forms, recipe, seed)
    # The mask, as a part of the projection: a place is then compared by a product alone.
    root = np.sqrt(fitted.masks[0, 0])
    flat = np.ones((len(ROLES), len(ROLES)), np.float32)
    colours = ColourHead(
        fitted.projections["street"] * root,
        fitted.shifts["street"] * root,
        level=np.zeros_like(flat),
        spread=flat,
        total=flat,
        weight=weight,
        nearness=NEARNESS,
    )
    return replace(head, colours=_levelled(colours, head, outfits))


def weighed(head: OutfitHead, outfits: StreetOutfits, weight: float) -> OutfitHead:
    """The head of `with_colours` for the same outfits, its colours counting ``weight``."""
    assert head.colours is not None
    return replace(head, colours=_levelled(replace(head.colours, weight=weight), head, outfits))


def _levelled(colours: ColourHead, head: OutfitHead, outfits: StreetOutfits) -> ColourHead:
    """With strangers' level and spread, and that of their sums with the embedding's part, in all forms."""
    level, spread, total = (part.copy() for part in (colours.level, colours.spread, colours.total))
    placed = [(colours.project(a), colours.project(b)) for a, b in outfits.shades]
    embedded = [(head.project(a)[:, : head.size], head.project(b)[:, : head.size]) for a, b in outfits.forms]
    for r in range(len(ROLES)):
        for s in range(len(ROLES)):
            i, j, apart = strangers(outfits.boxes, r, s)
            if apart.sum() < 2:
                continue
            own = np.concatenate([((a[i] * head.masks[r, s]) @ b[j].T)[apart] for a, b in embedded])
            said = np.concatenate([(a[i] @ b[j].T)[apart] for a, b in placed])
            level[r, s], spread[r, s] = said.mean(), max(float(said.std()), 1e-4)
            own, said = (own - head.level[r, s]) / head.spread[r, s], (said - level[r, s]) / spread[r, s]
            total[r, s] = max(float((own + colours.weight * said).std()), 1e-4)
    return replace(colours, level=level, spread=spread, total=total)
