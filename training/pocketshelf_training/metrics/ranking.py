"""Where in the ranked gallery a query's right pictures come: recall and average precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Ranking", "found_at", "rank", "recall_at", "top_accuracy"]

BLOCK = 256


@dataclass(frozen=True)
class Ranking:
    """One query against the gallery.

    Attributes:
        first: place of the first right picture, from 0; infinite if none can be found.
        precision: average precision over the whole ranking: the mean, over the right pictures, of the
            share of right ones down to each; 0 if none can be found.
        top: indices of the first gallery pictures, best first, and ``scores``, their cosines.
        right: index of the best right picture (-1: none), and ``right_score``.
    """

    first: float
    precision: float
    top: np.ndarray
    scores: np.ndarray
    right: int = -1
    right_score: float = float("-inf")

    @property
    def shortfall(self) -> float:
        """By how much the best picture beats the best right one; 0 where the right one is first."""
        return float(self.scores[0] - self.right_score) if self.first > 0 and len(self.scores) else 0.0


NOT_FOUND = Ranking(float("inf"), 0.0, np.zeros(0, int), np.zeros(0))


def rank(
    queries: list[np.ndarray | None],
    labels: list[str],
    gallery: list[np.ndarray | None],
    gallery_labels: list[str],
    itself: list[int] | None = None,
    depth: int = 5,
) -> list[Ranking]:
    """Rank the gallery by cosine for each query; equal scores keep the gallery's order.

    Args:
        queries, gallery: unit vectors (D,); None where there is none: such a query finds nothing, such a
            picture is not found. A query may have several, (n, D), of which the nearest counts.
        labels, gallery_labels: of equal label are right pairs.
        itself: index of each query's own picture in the gallery, which is left out; -1: it is not there.
        depth: how many of the best are named.
    """
    there = np.array([i for i, vector in enumerate(gallery) if vector is not None], int)
    asked = [i for i, vector in enumerate(queries) if vector is not None]
    found = [NOT_FOUND] * len(queries)
    if not len(there):
        return found
    vectors = np.stack([gallery[i] for i in there])  # type: ignore[misc]
    names = np.array(gallery_labels, object)[there]
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        looks = [np.atleast_2d(queries[i]) for i in block]  # type: ignore[arg-type]
        starts = np.cumsum([0, *map(len, looks[:-1])])
        scores = np.maximum.reduceat(np.concatenate(looks) @ vectors.T, starts, axis=0)
        for row, query in zip(scores, block, strict=True):
            keep = there != itself[query] if itself is not None else slice(None)
            found[query] = _one(row[keep], names[keep] == labels[query], there[keep], depth)
    return found


def _one(scores: np.ndarray, right: np.ndarray, places: np.ndarray, depth: int) -> Ranking:
    order = np.argsort(-scores, kind="stable")
    top = order[:depth]
    hits = np.flatnonzero(right[order])
    if not len(hits):
        return Ranking(float("inf"), 0.0, places[top], scores[top])
    best = order[hits[0]]
    precision = float((np.arange(1, len(hits) + 1) / (hits + 1)).mean())
    return Ranking(
        float(hits[0]), precision, places[top], scores[top], int(places[best]), float(scores[best])
    )


def found_at(
    queries: np.ndarray, labels: np.ndarray, gallery: np.ndarray, gallery_labels: np.ndarray, k: int
) -> np.ndarray:
    """Bool (n,): the ``k`` nearest gallery vectors by cosine hold the query's own label.

    Args:
        queries, gallery: unit vectors (n, D), (m, D).
    """
    nearest = np.argsort(-queries @ gallery.T, axis=1, kind="stable")[:, :k]
    return (gallery_labels[nearest] == labels[:, None]).any(1)


def recall_at(
    queries: np.ndarray, labels: np.ndarray, gallery: np.ndarray, gallery_labels: np.ndarray, k: int
) -> float:
    """Share of queries that `found_at` finds."""
    return float(found_at(queries, labels, gallery, gallery_labels, k).mean())


def top_accuracy(logits: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Share of rows (n, C) whose label (n,) is among their ``k`` highest logits."""
    return float((np.argsort(-logits, axis=1, kind="stable")[:, :k] == labels[:, None]).any(1).mean())
