"""What colours would add: the head fitted on embeddings with each garment's histogram of colours beside.

A store holds embeddings alone, so that no device has a product's colours: this says what they would be worth.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pocketshelf.outfit import OutfitHead
from pocketshelf_training.outfits import scoring
from pocketshelf_training.outfits.figures import SEEDS, figures_of
from pocketshelf_training.outfits.fit import Recipe, fit_head
from pocketshelf_training.outfits.measure import FORMS, Figures, seen
from pocketshelf_training.outfits.pairing import Outfits
from pocketshelf_training.outfits.street import StreetOutfits

__all__ = ["COLOUR", "SHARES", "coloured", "coloured_figures", "fit_choice"]

# Of a vector's squared length the colours' share; of its numbers those that a step does without; and whether
# pairs of two boxes, which show one street, are drawn beside those with a garment cut out.
SHARES, DROPOUTS, BOX_PAIRS = (0.0, 0.2, 0.4, 0.6, 0.8), (0.2, 0.5), (True, False)
CHOOSING_SEEDS = 2
COLOUR = "colour histogram"


def coloured(outfits: StreetOutfits, share: float) -> StreetOutfits:
    """The same garments; of a vector's squared length the colours have ``share``."""
    return StreetOutfits(_beside(outfits.boxes, share), _beside(outfits.cut, share))


def _beside(outfits: Outfits, share: float) -> Outfits:
    own = outfits.garments
    both = np.hstack([own.vectors * np.sqrt(1 - share), own.colours * np.sqrt(share)])
    return Outfits(replace(own, vectors=both.astype(np.float32)))


def fit_choice(known: StreetOutfits, kept: StreetOutfits) -> list[dict[str, Any]]:
    """Ways to fit, best AUC first, where both garments are cut out, on the part that fitted nothing."""
    rows = []
    for share, dropout, box_pairs in itertools.product(SHARES, DROPOUTS, BOX_PAIRS):
        way = {"share": share, "dropout": dropout, "box pairs": box_pairs}
        asked = coloured(kept, share)
        scores = _scores(_heads(known, way, CHOOSING_SEEDS), asked, "cut out")
        found = figures_of(scores, asked.boxes, resamples=1)
        rows.append(way | {name: found[name].value for name in ("AUC", "FITB")})
    return sorted(rows, key=lambda row: -row["AUC"])


def coloured_figures(
    known: StreetOutfits, asked: StreetOutfits, fit: StreetOutfits, choose: StreetOutfits
) -> dict[str, Any]:
    """In each form, the head on embeddings and colours, and the histogram alone.

    Args:
        fit, choose: the parts of ``known`` by which the way to fit is chosen: that of the best AUC.
    """
    choice = fit_choice(fit, choose)
    heads, seeing = _heads(known, choice[0], SEEDS), coloured(asked, choice[0]["share"])
    forms: dict[str, dict[str, Figures]] = {}
    for form in FORMS:
        scores = _scores(heads, seeing, form)
        alone = scoring.by_colour(*seen(asked, form, "colours"))
        forms[form] = {
            "embeddings and colours": figures_of(scores, asked.boxes),
            COLOUR: figures_of([alone], asked.boxes),
        }
    return {"choice": choice, "forms": forms}


def _heads(known: StreetOutfits, way: Mapping[str, Any], seeds: int) -> list[OutfitHead]:
    both = coloured(known, way["share"])
    forms = both.forms if way["box pairs"] else both.forms[1:]
    recipe = Recipe(dropout=way["dropout"])
    return [fit_head(both.boxes, forms, recipe, seed) for seed in range(seeds)]


def _scores(heads: Sequence[OutfitHead], asked: StreetOutfits, form: str) -> list[np.ndarray]:
    return [scoring.by_head(head, asked.boxes, *seen(asked, form)) for head in heads]
