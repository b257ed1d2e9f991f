"""Labels made wrong, a known share of them: moved to another label, or put on a stranger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pocketshelf_training.mine.categories.figures.photos import Photo

__all__ = ["MIXES", "Mix", "Noisy", "noisy"]


@dataclass(frozen=True)
class Mix:
    """Shares of wrong labels: of all pictures, strangers among them."""

    moved: float
    strangers: float

    @property
    def said(self) -> str:
        return f"{100 * self.moved:.0f} % moved, {100 * self.strangers:.0f} % strangers"


# Purity 0.70; and 0.3 of the garments' labels moved with strangers on top: purity 0.63.
MIXES = (Mix(0.2, 0.1), Mix(0.27, 0.1))


@dataclass(frozen=True)
class Noisy:
    """m pictures of a pool.

    Attributes:
        rows: int (m,), which.
        given: int (m,), the labels that they are said to have.
        good: bool (m,), whether they have them.
        stranger: bool (m,).
    """

    rows: np.ndarray
    given: np.ndarray
    good: np.ndarray
    stranger: np.ndarray


def noisy(pool: Sequence[Photo], part: str, mix: Mix, seed: int) -> Noisy:
    """The garments of a part with wrong labels, and strangers labelled as garments are, in a mixed order."""
    rng = np.random.default_rng(seed)
    labels = np.array([each.label for each in pool])
    place = np.array([each.part for each in pool])
    garments = np.flatnonzero((labels >= 0) & (place == part))
    # Strangers of val are those to measure with.
    wanted = "choose" if part == "choose" else "measure"
    strangers = rng.permutation(np.flatnonzero((labels < 0) & (place == wanted)))
    strangers = strangers[: round(len(garments) * mix.strangers / (1 - mix.strangers))]
    total = len(garments) + len(strangers)
    given = labels[garments].copy()
    for row in rng.permutation(len(garments))[: round(mix.moved * total)]:
        given[row] = _other(labels[garments], {int(given[row])}, rng)
    made = [_other(labels[garments], pool[row].barred, rng) for row in strangers]
    rows = np.concatenate([garments, strangers])
    said = np.concatenate([given, np.array(made, int)])
    order = rng.permutation(total)
    rows, said = rows[order], said[order]
    return Noisy(rows, said, labels[rows] == said, labels[rows] < 0)


def _other(labels: np.ndarray, barred: frozenset[int] | set[int], rng: np.random.Generator) -> int:
    """A label drawn as often as it comes, but for those barred."""
    while (label := int(rng.choice(labels))) in barred:
        pass
    return label
