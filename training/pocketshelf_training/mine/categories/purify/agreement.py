"""Does a picture look like its label? Judged by models that learnt from the other pictures' labels.

As confident learning (Northcutt, Jiang and Chuang, 2021) has it: pictures are dealt into parts, each is
judged by classes learnt from the other parts. In further rounds they learn only from those whose label the
one before found likeliest, so that wrong labels no longer blur them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pocketshelf_training.mine.categories.purify.classes import Classes, calibrated
from pocketshelf_training.mine.neighbours import nearest

__all__ = ["Bounds", "Judged", "judged"]

PARTS, ROUNDS = 5, 3
NEIGHBOURS = 15
# Longer vectors are judged by so many of their principal components.
MOST_NUMBERS = 256


@dataclass(frozen=True)
class Bounds:
    """What a picture must meet to keep its label.

    Attributes:
        agreement: least probability of its label.
        distance: most distance to the middle of its category, where 1 is what the category's usually have.
        neighbours: least share of the nearest pictures that carry the same label.
    """

    agreement: float = 0.1
    distance: float = 1.4
    neighbours: float = 0.0


# What a round's pictures must meet for the next one to learn from them, besides their label being likeliest.
TRUSTED = Bounds(0.0, 1.4, 0.1)


@dataclass(frozen=True)
class Judged:
    """n pictures, judged out of part.

    Attributes:
        labels: int (n,), as they were given.
        shares: (n, k), the probability of each category.
        distance: (n,), to the middle of its own category; 1 is what the category's usually have.
        neighbours: (n,), the share of the nearest that carry the same label.
    """

    labels: np.ndarray
    shares: np.ndarray
    distance: np.ndarray
    neighbours: np.ndarray

    @property
    def agreement(self) -> np.ndarray:
        """(n,), the probability of the label given."""
        return self.shares[np.arange(len(self.labels)), self.labels]

    def within(self, bounds: Bounds) -> np.ndarray:
        """bool (n,)."""
        return (
            (self.agreement >= bounds.agreement)
            & (self.distance <= bounds.distance)
            & (self.neighbours >= bounds.neighbours)
        )


def judged(vectors: np.ndarray, labels: np.ndarray, count: int, seed: int = 0) -> Judged:
    """Each of n pictures by the others.

    Args:
        vectors: float32 (n, d), of length 1.
        labels: int (n,) of 0 to ``count`` - 1.
        seed: of the dealing.
    """
    parts, vectors = _dealt(labels, seed), _shortened(vectors)
    others = nearest(vectors, NEIGHBOURS)[0]
    trusted = np.ones(len(labels), bool)
    for turn in range(ROUNDS):
        last = _round(vectors, labels, count, parts, others, trusted)
        if turn + 1 < ROUNDS:
            likeliest = last.shares.argmax(1) == labels
            trusted = _enough(likeliest & last.within(TRUSTED), last.agreement, labels, count)
    return last


def _shortened(vectors: np.ndarray) -> np.ndarray:
    """float32 (n, at most `MOST_NUMBERS`), of length 1."""
    if min(vectors.shape) <= MOST_NUMBERS:
        return vectors
    from sklearn.decomposition import PCA

    rows = PCA(MOST_NUMBERS, svd_solver="covariance_eigh").fit_transform(vectors)
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _dealt(labels: np.ndarray, seed: int) -> np.ndarray:
    """A part for each picture, every category spread over all."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    parts = np.empty(len(labels), int)
    parts[order] = np.arange(len(labels)) % PARTS
    return parts


def _enough(trusted: np.ndarray, agreement: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """A category that would be left with less than half learns from its better half all the same."""
    for label in range(count):
        rows = np.flatnonzero(labels == label)
        if len(rows) and trusted[rows].sum() * 2 < len(rows):
            trusted[rows] |= agreement[rows] >= np.median(agreement[rows])
    return trusted


def _round(
    vectors: np.ndarray,
    labels: np.ndarray,
    count: int,
    parts: np.ndarray,
    others: np.ndarray,
    trusted: np.ndarray,
) -> Judged:
    scores, squares = np.zeros((len(labels), count)), np.zeros(len(labels))
    for part in range(PARTS):
        asked, taught = np.flatnonzero(parts == part), (parts != part) & trusted
        if not len(asked) or not taught.any():
            continue
        classes = Classes.fit(vectors[taught], labels[taught], count)
        distances = classes.distances(vectors[asked])
        scores[asked] = classes.scores(distances)
        squares[asked] = distances[np.arange(len(asked)), labels[asked]]
    shares = calibrated(scores, labels, trusted)
    return Judged(labels, shares, _relative(squares, labels, trusted), _same(labels, others, trusted))


def _relative(squares: np.ndarray, labels: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    distances = np.sqrt(squares)
    relative = np.ones(len(labels))
    for label in np.unique(labels):
        rows = labels == label
        usual = np.median(distances[rows & trusted] if (rows & trusted).any() else distances[rows])
        relative[rows] = distances[rows] / max(float(usual), 1e-12)
    return relative


def _same(labels: np.ndarray, others: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    """Of the trusted among the nearest, the share that carries the same label; all, where none is trusted."""
    if not others.shape[1]:
        return np.ones(len(labels))
    heard = trusted[others]
    heard |= ~heard.any(1, keepdims=True)
    return ((labels[others] == labels[:, None]) & heard).sum(1) / heard.sum(1)
