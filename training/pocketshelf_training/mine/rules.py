"""Which clusters are kept: each rule looks at one figure of a cluster, and says what it dropped."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from pocketshelf_training.mine.vectors import Embedded

__all__ = ["Cluster", "Rules", "central_first", "describe", "kept_labels"]


@dataclass(frozen=True)
class Cluster:
    """Pictures that seem to show one style.

    Attributes:
        rows: int64 (m,), of the pictures, the most central first.
        mean_distance, variance: of the cosine distances of its m(m - 1)/2 pairs.
        sources: how many different sources the pictures have; 0 where none is known.
        dropped: the rule that dropped it, with the figure; "" if it is kept.
    """

    rows: np.ndarray
    category: str
    mean_distance: float
    variance: float
    sources: int
    dropped: str = ""


@dataclass(frozen=True)
class Rules:
    """The bounds of a cluster that is kept; chosen on the grocery photos' split val (docs/mining.md).

    Attributes:
        members: at least so many.
        most_members: at most so many: a whole category that hangs together is no style.
        mean_distance, variance: at most.
        sources: at least so many different ones: pictures of one seller alone are often one photo, cut
            differently. Not asked where no source is known.
    """

    members: int = 2
    most_members: int = 1000
    mean_distance: float = 0.18
    variance: float = 0.012
    sources: int = 1

    def broken(self, found: Cluster) -> str:
        """The first rule that ``found`` breaks, in words; "" for none."""
        size = len(found.rows)
        if size < self.members:
            return f"members: {size} < {self.members}"
        if size > self.most_members:
            return f"members: {size} > {self.most_members}"
        if found.mean_distance > self.mean_distance:
            return f"mean distance: {found.mean_distance:.3f} > {self.mean_distance:g}"
        if found.variance > self.variance:
            return f"variance of distance: {found.variance:.4f} > {self.variance:g}"
        if 0 < found.sources < self.sources:
            return f"sources: {found.sources} < {self.sources}"
        return ""

    def said(self) -> dict[str, float]:
        """Rule → bound."""
        return asdict(self)


def describe(
    embedded: Embedded, labels: np.ndarray, categories: np.ndarray, rules: Rules | None = None
) -> list[Cluster]:
    """The clusters with their figures, judged by ``rules``, by category and size.

    Args:
        labels: int64 (n,), -1 for none.
        categories: int64 (n,), as `cluster` gives them.
    """
    rules = rules or Rules()
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(labels.max(initial=-1) + 2))
    found = []
    for start, end in itertools.pairwise(starts):
        rows = central_first(embedded, order[start:end])
        name = embedded.categories[categories[rows[0]]] if embedded.categories else ""
        found.append(_judged(embedded, rows, name, rules))
    return sorted(found, key=lambda each: (each.category, -len(each.rows), int(each.rows[0])))


def central_first(embedded: Embedded, rows: np.ndarray) -> np.ndarray:
    """``rows`` by the cosine to their mean: the first stands best for all."""
    vectors = embedded.vectors[rows]
    return rows[np.argsort(-(vectors @ vectors.mean(0)), kind="stable")]


def _judged(embedded: Embedded, rows: np.ndarray, category: str, rules: Rules) -> Cluster:
    vectors = embedded.vectors[rows]
    distances = (1.0 - vectors @ vectors.T)[np.triu_indices(len(rows), 1)]
    mean, variance = (float(distances.mean()), float(distances.var())) if len(distances) else (0.0, 0.0)
    known = {embedded.pictures[row].source for row in rows} - {""}
    made = Cluster(rows, category, max(mean, 0.0), variance, len(known))
    return replace(made, dropped=rules.broken(made))


def kept_labels(count: int, clusters: Sequence[Cluster]) -> np.ndarray:
    """int64 (count,): the place of each picture's cluster in ``clusters``, -1 for none that is kept."""
    labels = np.full(count, -1)
    for number, each in enumerate(clusters):
        if not each.dropped:
            labels[each.rows] = number
    return labels
