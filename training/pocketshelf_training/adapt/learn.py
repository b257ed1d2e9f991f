"""What is learnt of the products that are not held back: trunk, projection and heads."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf_training.adapt.assortment import Assortment, Questions
from pocketshelf_training.adapt.features import pooled, rephotographed
from pocketshelf_training.adapt.heads import (
    adapted,
    fit_categories,
    present_head,
    said_as_before,
    with_attributes_of,
)
from pocketshelf_training.adapt.projection import Evidence, Fitter, Recipe, Score, choose, without_bias
from pocketshelf_training.adapt.report import Report
from pocketshelf_training.adapt.trunks import SHARES, blended
from pocketshelf_training.models.checkpoint import Checkpoint
from pocketshelf_training.models.embedder import Embedder

__all__ = ["AS_SHIPPED", "Made", "learnt", "pictures_to_see", "sampled"]

log = logging.getLogger("pocketshelf.training")

# Pictures that are learnt from; of more, as many are drawn, whole products.
MOST_PICTURES = 4000
# So many of them are re-photographed where the catalogue has few views of one product.
MOST_CHANGED = 600
FEW_VIEWS = 200
# What a report says of a part that stays.
AS_SHIPPED = "as shipped"


@dataclass(frozen=True)
class Candidate:
    """A trunk, and the best that was found on its features.

    Attributes:
        share: of the shipped trunk.
        checkpoint: the shipped one with this trunk.
        shipped: float32 (d, D), its projection, without a bias.
        recipe: None: the shipped projection is no worse.
        score, before: by cross-validation, of the recipe and of the shipped projection.
    """

    share: float
    checkpoint: Checkpoint
    evidence: Evidence
    shipped: np.ndarray
    recipe: Recipe | None
    score: Score
    before: Score

    def __str__(self) -> str:
        trunk = "" if self.share == 1 else f"trunk {self.share:g} of the shipped one, "
        return f"{trunk}{self.recipe or 'projection as shipped'}"


class Made(NamedTuple):
    """What was learnt.

    Attributes:
        checkpoint: with a head for the shop's own categories, if one serves them better.
        plainer: the same with the shipped head, for where the shop's own does not come through an export;
            None where ``checkpoint`` has that.
    """

    checkpoint: Checkpoint
    plainer: Checkpoint | None = None


def sampled(shop: Assortment, seed: int) -> np.ndarray:
    """bool (n,): the pictures to learn from, of products that are not held back."""
    present = np.random.default_rng(seed).permutation(np.unique(shop.products[~shop.held]))
    counts = np.bincount(shop.products, minlength=len(shop.names))[present]
    return np.isin(shop.products, present[np.cumsum(counts) <= max(MOST_PICTURES, counts[0])])


def pictures_to_see(part: Assortment) -> int:
    """How many pictures `learnt` will look at, each trunk's counted."""
    return len(SHARES) * (len(part) + min(MOST_CHANGED, int(part.first.sum())))


def learnt(
    checkpoint: Checkpoint,
    part: Assortment,
    questions: Questions,
    seed: int,
    cache: Path,
    until: float,
    report: Report,
) -> Made | None:
    """The checkpoint with whatever was better by cross-validation; None if nothing was.

    Args:
        part, questions: of the pictures to learn from alone.
        until: by the monotonic clock; no further trunk is tried that would take longer.
        report: gets what was tried and chosen.
    """
    candidates = list(_candidates(checkpoint, part, questions, seed, cache, until, report))
    first = candidates[0]
    best = max(candidates, key=lambda each: each.score.reciprocal if each.recipe else 0.0)
    if best.score.recall < first.before.recall or best.score.reciprocal <= first.before.reciprocal:
        best = replace(first, recipe=None)
    present = present_head(checkpoint)
    head = fit_categories(best.evidence.features, part, present, seed)
    if head is not None:
        said = "a head for %d categories: top-1 %.3f, right category searched %.3f"
        log.info(said, len(head.labels), head.accuracy, head.covered)
    elif best.recipe is None:
        return None
    report.chosen = {"projection": str(best), "categories": len(head.labels) if head else AS_SHIPPED}
    log.info("chosen: %s", best)
    matrix = Fitter(best.evidence, best.shipped)(best.recipe) if best.recipe else None
    made = best.checkpoint
    if best.share != 1:
        made = said_as_before(made, first.evidence.features, best.evidence.features)
    plain = adapted(made, matrix, None, adapted=report.chosen | {"categories": AS_SHIPPED})
    if head is None:
        return Made(plain)
    names = [part.category_names[category] for category in part.categories]
    made = adapted(made, matrix, head, adapted=report.chosen)
    return Made(with_attributes_of(made, present, first.evidence.features, names), plain)


def _candidates(
    checkpoint: Checkpoint,
    part: Assortment,
    questions: Questions,
    seed: int,
    cache: Path,
    until: float,
    report: Report,
) -> Iterator[Candidate]:
    """The best on each trunk."""
    shipped = checkpoint.state["embedding.weight"].numpy()
    bias = checkpoint.state["embedding.bias"].numpy() if "embedding.bias" in checkpoint.state else None
    began = time.monotonic()
    for tried, share in enumerate(SHARES):
        now = time.monotonic()
        if tried and now + (now - began) / tried > until:
            log.warning("no time to try the trunk at %g: --minutes gives more", share)
            return
        state = blended(checkpoint, share)
        if state is None:
            log.info("ImageNet's weights are not installed: the trunk stays as it is")
            return
        trunk = replace(checkpoint, state=state)
        evidence = _looked_at(Embedder.of(trunk), part, questions, f"trunk {share:g}", cache)
        recipe, score, before = choose(evidence, shipped, seed, bias)
        linear = without_bias(shipped, bias, evidence.features)
        found = Candidate(share, trunk, evidence, linear, recipe, score, before)
        if share == 1:
            for number in np.flatnonzero(~evidence.features.any(1)):
                log.warning("%s: cannot be read; left out", part.paths[number])
            report.tried[AS_SHIPPED] = {"R@1": before.recall, "mrr": before.reciprocal}
            log.info("cross-validated: as shipped R@1 %.3f", before.recall)
        if recipe is not None:
            report.tried[str(found)] = {"R@1": score.recall, "mrr": score.reciprocal}
            log.info("cross-validated: %s R@1 %.3f", found, score.recall)
        yield found


def _looked_at(network: Embedder, part: Assortment, questions: Questions, what: str, cache: Path) -> Evidence:
    """Pooled features of all pictures, and of some re-photographed where there are few views."""
    features, readable = pooled(network, part.paths, f"features, {what}", cache)
    drawn = questions.kind == "re-photographed"
    changed = np.zeros_like(features)
    if drawn or (~part.first).sum() < FEW_VIEWS:
        rows = np.flatnonzero(part.first & readable)[:MOST_CHANGED]
        paths = [part.paths[i] for i in rows]
        changed[rows], _ = pooled(network, paths, f"re-photographed, {what}", cache, rephotographed)
    gallery = questions.gallery & readable
    asking = questions.asking & (changed.any(1) if drawn else readable)
    # What has no picture left in the gallery cannot be found.
    asking &= np.isin(part.products, part.products[gallery])
    if not asking.any():
        unread = f"{int((~readable).sum())} of {len(part)} cannot be read"
        raise CatalogueError(f"no picture that asks has its product in the gallery: {unread}")
    return Evidence(features, part.products, asking, gallery, changed, drawn)
