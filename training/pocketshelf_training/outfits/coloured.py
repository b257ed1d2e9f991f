"""How colours join the embedding: beside it at some weight, or as one vector with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pocketshelf.outfit import OutfitHead
from pocketshelf.outfit.colour_head import evened
from pocketshelf_training.outfits import scoring
from pocketshelf_training.outfits.colours import weighed, with_colours
from pocketshelf_training.outfits.figures import figures_of
from pocketshelf_training.outfits.fit import fit_head
from pocketshelf_training.outfits.measure import FORMS, seen
from pocketshelf_training.outfits.pairing import Outfits
from pocketshelf_training.outfits.street import StreetOutfits

__all__ = ["BESIDE", "SHARES", "TOGETHER", "colour_choice", "together"]

# The colours' weight beside the embedding's part; and their share of one vector's squared length.
WEIGHTS, SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5), (0.4, 0.6, 0.8)
BESIDE, TOGETHER = "beside, weight", "one vector, share"
CHOOSING_SEEDS = 3


def colour_choice(known: StreetOutfits, kept: StreetOutfits) -> list[dict[str, Any]]:
    """Ways to join them: AUC and FITB in each form, and the mean AUC, on the part that fitted nothing."""
    own = [fit_head(known.boxes, known.forms, None, seed) for seed in range(CHOOSING_SEEDS)]
    both = [with_colours(head, known, seed) for seed, head in enumerate(own)]
    rows = []
    for weight in WEIGHTS:
        heads = [weighed(head, known, weight) for head in both]
        rows.append({"way": BESIDE, "value": weight, **_figures(heads, kept)})
    for share in SHARES:
        joined = together(known, share)
        heads = [fit_head(joined.boxes, joined.forms, None, seed) for seed in range(CHOOSING_SEEDS)]
        rows.append({"way": TOGETHER, "value": share, **_figures(heads, together(kept, share))})
    return rows


def together(outfits: StreetOutfits, share: float) -> StreetOutfits:
    """The same garments with one vector each; of its squared length the colours have ``share``."""
    return StreetOutfits(_as_one(outfits.boxes, share), _as_one(outfits.cut, share))


def _as_one(outfits: Outfits, share: float) -> Outfits:
    own = outfits.garments
    both = np.hstack([own.vectors * np.sqrt(1 - share), evened(own.shades) * np.sqrt(share)])
    return Outfits(replace(own, vectors=both.astype(np.float32)))


def _figures(heads: Sequence[OutfitHead], kept: StreetOutfits) -> dict[str, Any]:
    forms = {}
    for form in FORMS:
        scores = [
            scoring.by_head(head, kept.boxes, *seen(kept, form), seen(kept, form, "shades")) for head in heads
        ]
        found = figures_of(scores, kept.boxes, resamples=1)
        forms[form] = {name: found[name].value for name in ("AUC", "FITB")}
    return {"forms": forms, "mean": float(np.mean([each["AUC"] for each in forms.values()]))}
