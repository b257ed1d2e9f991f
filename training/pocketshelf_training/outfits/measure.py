"""What is known of what goes with what, on street photos kept apart: every way, baseline and ablation.

Pairs are seen in three forms. As *boxes*, two crops of one photo share its street and light, and often each
other's cloth: likeness alone finds a partner by these. *Cut out*, nothing but the garments is left. *Box and
cut out* is what a shopper's question comes nearest to: a photo on the one side, a product alone on the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pocketshelf.outfit import ROLES, Looks, OutfitHead
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.outfits import scoring
from pocketshelf_training.outfits.align import alignment, distance
from pocketshelf_training.outfits.colours import with_colours
from pocketshelf_training.outfits.figures import SEEDS, auc, figures_of, questions
from pocketshelf_training.outfits.fit import Recipe, fit_head
from pocketshelf_training.outfits.library import is_clear
from pocketshelf_training.outfits.pairing import Outfits
from pocketshelf_training.outfits.street import StreetOutfits

__all__ = [
    "FORMS",
    "GRID",
    "Fitted",
    "ablations",
    "alignment_figures",
    "by_roles",
    "chosen",
    "fit",
    "main_figures",
]

Figures = dict[str, Figure]
FORMS = ("boxes", "cut out", "box and cut out")
# What a store that states no colours gets.
WITHOUT_PALETTES = "head (a), without palettes"
# Weights of the looks and numbers of them that are tried on the part kept apart.
GRID = tuple((weight, count) for count in (20, 60, 200) for weight in (0.0, 0.25, 0.5, 1.0))
NEAREST = 10


@dataclass(frozen=True)
class Fitted:
    """A head a seed, fitted on some outfits, and their looks."""

    heads: Sequence[OutfitHead]
    looks: Looks


def fit(known: StreetOutfits, fusion: dict[str, float], recipe: Recipe | None = None) -> Fitted:
    """`SEEDS` heads, and the library of the drawn boxes."""
    own = [fit_head(known.boxes, known.forms, recipe, seed) for seed in range(SEEDS)]
    heads = [with_colours(head, known, seed) for seed, head in enumerate(own)]
    looks = scoring.looks_of(known.boxes, known.boxes.garments.vectors)
    return Fitted([replace(head, **fusion) for head in heads], looks)  # type: ignore[arg-type]


def seen(asked: StreetOutfits, form: str, what: str = "vectors") -> tuple[np.ndarray, np.ndarray]:
    """The table ``what`` of the garment and of its partner in a form."""
    boxes, cut = (getattr(part.garments, what) for part in (asked.boxes, asked.cut))
    return {"boxes": (boxes, boxes), "cut out": (cut, cut), "box and cut out": (boxes, cut)}[form]


def main_figures(fitted: Fitted, known: StreetOutfits, asked: StreetOutfits, form: str) -> dict[str, Figures]:
    """The head, the looks, both fused, and the baselines."""
    (a, b), shades = seen(asked, form), seen(asked, form, "shades")
    own = [scoring.by_head(head, asked.boxes, a, b, shades) for head in fitted.heads]
    worn = [scoring.by_looks(head, fitted.looks, asked.boxes, a, b, shades) for head in fitted.heads]
    both = [scoring.fused(x, y, fitted.heads[0].looks_weight) for x, y in zip(own, worn, strict=True)]
    ways = {
        "head (a)": own,
        "looks (b)": worn,
        "fused": both,
        WITHOUT_PALETTES: _own(fitted.heads, asked, a, b),
        "likeness of embeddings": [scoring.by_cosine(a, b)],
        "colour histogram": [scoring.by_colour(*seen(asked, form, "colours"))],
        "popularity of true labels": [scoring.by_popularity(known.boxes, asked.boxes)],
        "random": [scoring.by_chance(len(asked.boxes), seed) for seed in range(SEEDS)],
    }
    return {name: figures_of(scores, asked.boxes) for name, scores in ways.items()}


def detected_figures(fitted: Fitted, asked: Outfits) -> dict[str, Figures]:
    """The same where the detector found the garments, as on a device; labels are not known there."""
    vectors, colours = asked.garments.vectors, asked.garments.colours
    shades = asked.garments.shades, asked.garments.shades
    own = [scoring.by_head(head, asked, vectors, vectors, shades) for head in fitted.heads]
    worn = [scoring.by_looks(head, fitted.looks, asked, vectors, vectors, shades) for head in fitted.heads]
    both = [scoring.fused(x, y, fitted.heads[0].looks_weight) for x, y in zip(own, worn, strict=True)]
    ways = {
        "head (a)": own,
        "looks (b)": worn,
        "fused": both,
        WITHOUT_PALETTES: [scoring.by_head(head, asked, vectors, vectors) for head in fitted.heads],
        "likeness of embeddings": [scoring.by_cosine(vectors, vectors)],
        "colour histogram": [scoring.by_colour(colours, colours)],
        "random": [scoring.by_chance(len(asked), seed) for seed in range(SEEDS)],
    }
    return {name: figures_of(scores, asked) for name, scores in ways.items()}


def ablations(
    known: StreetOutfits,
    asked: StreetOutfits,
    fusion: dict[str, float],
    detected: Outfits,
    tagged: Outfits,
    good: np.ndarray,
) -> dict[str, dict[str, Figures]]:
    """Name → form → figures; but for the first row and the looks by the embedding alone.

    Args:
        detected: the garments that the detector finds in the photos of ``known``.
        tagged: those that it finds in photos of which only tags are known.
        good: bool, of each of ``detected``: its photo has no fault that is sure.
    """
    vectors = known.boxes.garments.vectors
    ships = fit(known, fusion)
    fitted = {
        "type-aware, both forms": ships,
        "one mask for all types": fit(known, fusion, Recipe(type_aware=False)),
    }
    boxes_only = [fit_head(known.boxes, [(vectors, vectors)], None, seed) for seed in range(SEEDS)]
    more = StreetOutfits(
        *(Outfits(part.garments.joined(tagged.garments)) for part in (known.boxes, known.cut))
    )
    rows = {name: each.heads for name, each in fitted.items()} | {
        "trained on boxes alone": boxes_only,
        f"and on {len(tagged.worn)} photos with tags": fit(more, fusion).heads,
    }
    with_palettes = _each_form(asked, lambda *seen: _own(ships.heads, asked, *seen))
    found = {"type-aware, both forms, and colours (ships)": with_palettes}
    found |= {
        name: _each_form(asked, lambda a, b, _, heads=heads: _own(heads, asked, a, b))
        for name, heads in rows.items()
    }
    clear = is_clear(detected.garments.scores, detected.garments.boxes[:, 2:].min(1))
    for name, outfits in (
        ("looks, detected", detected),
        ("looks, detected and filtered", detected.take(clear)),
        ("looks, detected in photos without a fault", detected.take(good)),
    ):
        looks = scoring.looks_of(outfits, outfits.garments.vectors)
        found[f"{name} ({len(looks)} looks)"] = _each_form(
            asked,
            lambda *seen, looks=looks: [
                scoring.by_looks(head, looks, asked.boxes, *seen) for head in ships.heads
            ],
        )
    return found


def _own(
    heads: Sequence[OutfitHead],
    asked: StreetOutfits,
    a: np.ndarray,
    b: np.ndarray,
    shades: scoring.Shades = scoring.UNKNOWN,
) -> list[np.ndarray]:
    return [scoring.by_head(head, asked.boxes, a, b, shades) for head in heads]


def _each_form(asked: StreetOutfits, scored: Callable[..., list[np.ndarray]]) -> dict[str, Figures]:
    return {
        form: figures_of(scored(*seen(asked, form), seen(asked, form, "shades")), asked.boxes)
        for form in FORMS
    }


def chosen(known: StreetOutfits, kept: StreetOutfits) -> list[dict[str, Any]]:
    """Fusions on the part kept apart: AUC and FITB, means over the forms with a partner cut out."""
    fitted, rows = fit(known, {}), []
    for weight, count in GRID:
        heads = [replace(head, neighbours=count, temperature=0.1) for head in fitted.heads[:2]]
        figures = []
        for form in FORMS[1:]:
            shown = *seen(kept, form), seen(kept, form, "shades")
            scores = [
                scoring.fused(
                    scoring.by_head(head, kept.boxes, *shown),
                    scoring.by_looks(head, fitted.looks, kept.boxes, *shown),
                    weight,
                )
                for head in heads
            ]
            figures.append(figures_of(scores, kept.boxes, resamples=1))
        means = {name: float(np.mean([f[name].value for f in figures])) for name in ("AUC", "FITB")}
        rows.append({"looks_weight": weight, "neighbours": count, **means})
    return rows


def by_roles(fitted: Fitted, asked: StreetOutfits, form: str = FORMS[2]) -> dict[str, tuple[int, float]]:
    """Pair of roles → (pairs, the fused AUC) of the first seed, where there are 20 pairs."""
    shown = *seen(asked, form), seen(asked, form, "shades")
    head, outfits = fitted.heads[0], asked.boxes
    scores = scoring.fused(
        scoring.by_head(head, outfits, *shown),
        scoring.by_looks(head, fitted.looks, outfits, *shown),
        head.looks_weight,
    )
    one, found = questions(outfits, 0), {}
    roles = outfits.roles[one.pairs]
    for r, first in enumerate(ROLES):
        for s, second in enumerate(ROLES):
            rows = (roles == (r, s)).all(1)
            if rows.sum() >= 20:
                i, j = one.pairs[rows].T
                value = auc(scores[i, j], scores[i, one.strangers[rows]])
                found[f"{first} → {second}"] = (int(rows.sum()), value)
    return found


def alignment_figures(
    head: OutfitHead, known: StreetOutfits, asked: StreetOutfits, shop: np.ndarray
) -> dict[str, Any]:
    """What the alignment does: how far the domains lie apart, and where there is truth, what it finds.

    The truth is the cut-out garments of other photos, taken for a shop: aligned without pairs, by a head that
    saw boxes alone.

    Args:
        shop: embeddings (n, d) of shops' pictures, groups in the street's shares.
    """
    street = known.boxes.garments.vectors
    there = head.project(street)
    before, after = (head.project(shop, domain) for domain in ("street", "shop"))  # By embeddings alone.
    vectors, cut = street, known.cut.garments.vectors
    matrix, shift = alignment(cut, vectors)
    heads = [fit_head(known.boxes, [(vectors, vectors)], None, seed) for seed in range(SEEDS)]
    a, b = seen(asked, FORMS[2])
    as_street = b @ matrix + shift
    return {
        "distance": {"before": distance(before, there), "after": distance(after, there)},
        "same domain": {"before": same_domain(before, there), "after": same_domain(after, there)},
        "truth": {
            "before": figures_of(_own(heads, asked, a, b), asked.boxes),
            "after": figures_of(_own(heads, asked, a, as_street), asked.boxes),
        },
    }


def same_domain(shop: np.ndarray, street: np.ndarray) -> float:
    """Of a shop picture's `NEAREST` among as many of both domains, the share that is the shop's, too.

    0.5 where the two cannot be told apart.
    """
    count = min(len(shop), len(street))
    rng = np.random.default_rng(0)
    a, b = (rows[rng.permutation(len(rows))[:count]] for rows in (shop, street))
    mine, theirs = a @ a.T, a @ b.T
    # A picture that was drawn twice is no neighbour of itself.
    mine[mine > 1 - 1e-6] = -np.inf
    nearest = np.argsort(-np.concatenate([mine, theirs], axis=1), axis=1)[:, :NEAREST]
    return float((nearest < count).mean())
