"""The embedder's last layer, fitted to a catalogue: candidates, and the choice among them by
cross-validation.

What pictures of one product differ by is made small, so that what products differ by shows: pooled features
are whitened by the scatter within products, shrunk towards a multiple of the identity (Friedman, "Regularized
discriminant analysis", 1989), and the directions with the most energy after that are kept. Wholly shrunk,
that is PCA. The outcome may be blended with the shipped projection, as weights are interpolated to keep what
was known before ("Robust fine-tuning of zero-shot models", Wortsman et al., CVPR 2022). All of it is one
matrix in the end: nothing is centred, so that the layer needs no bias.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pocketshelf_training.models.projection import unit

__all__ = ["Evidence", "Fitter", "Recipe", "Score", "choose", "score", "without_bias"]

FOLDS = 5
# Directions of the pictures that a fit looks at, beside those of the shipped projection.
MOST_DIRECTIONS = 512
SHRINKAGES = (0.1, 0.5, 0.8, 0.95, 1.0)
BLENDS = (0.0, 0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Recipe:
    """How a projection is fitted.

    Attributes:
        shrinkage: of the scatter within products, 0 to 1; 1: what varies within products plays no part.
        blend: share of the shipped projection.
        changed: whether re-photographed pictures count as further pictures of their products.
    """

    shrinkage: float
    blend: float
    changed: bool = False

    def __str__(self) -> str:
        changed = ", re-photographed pictures too" if self.changed else ""
        return f"shrinkage {self.shrinkage:g}, {self.blend:g} of the shipped projection{changed}"


@dataclass(frozen=True)
class Evidence:
    """What is known of the pictures that may be learnt from and chosen by.

    Attributes:
        features: float32 (n, D), pooled.
        products: int64 (n,).
        asking, gallery: bool (n,), as `Questions` has them.
        changed: float32 (n, D), pooled features of the same pictures re-photographed; rows of zeros where
            there are none.
        drawn: the asking pictures are those of ``changed``.
    """

    features: np.ndarray
    products: np.ndarray
    asking: np.ndarray
    gallery: np.ndarray
    changed: np.ndarray
    drawn: bool = False

    def only(self, kept: np.ndarray) -> Evidence:
        """The rows where ``kept`` says so."""
        parts = {name: value[kept] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return Evidence(**parts, drawn=self.drawn)


@dataclass(frozen=True)
class Score:
    """Of each question the place of its product's first picture, from 0; (q,)."""

    places: np.ndarray

    @property
    def recall(self) -> float:
        """R@1."""
        return float((self.places == 0).mean())

    @property
    def reciprocal(self) -> float:
        """Mean reciprocal rank: says more than R@1 of few questions."""
        return float((1 / (1 + self.places)).mean())


class Fitter:
    """Fits projections to the same pictures by one recipe after another.

    Args:
        evidence: what is learnt from.
        shipped: float32 (d, D), the embedder's present matrix.
    """

    def __init__(self, evidence: Evidence, shipped: np.ndarray) -> None:
        self._evidence, self._shipped = evidence, shipped
        self._rows = unit(evidence.features)
        self._basis = _basis(self._rows, shipped)
        self._spread = functools.cache(self._spread_within)
        self._own = functools.cache(self._fitted)

    def __call__(self, recipe: Recipe) -> np.ndarray:
        """The matrix (d, D) of the embedding, whose output has a mean length of 1."""
        own = self._own(recipe.shrinkage, recipe.changed)
        if recipe.blend:
            parts = [
                recipe.blend * _to_length(self._shipped, self._rows),
                (1 - recipe.blend) * _to_length(own, self._rows),
            ]
            both = np.concatenate(parts)
            own = _principal(self._rows @ both.T, len(self._shipped)) @ both
        return _to_length(own, self._evidence.features).astype(np.float32)

    def _fitted(self, shrinkage: float, changed: bool) -> np.ndarray:
        """The matrix (d, D) of the pictures alone."""
        values, vectors, level = self._spread(changed)
        scales = np.maximum((1 - shrinkage) * values + shrinkage * level, 1e-12) ** -0.5
        metric = (vectors * scales) @ vectors.T
        whitened = self._rows @ self._basis @ metric
        return _principal(whitened, len(self._shipped)) @ metric @ self._basis.T

    def _spread_within(self, changed: bool) -> tuple[np.ndarray, np.ndarray, float]:
        """Eigenvalues (r,) and vectors (r, r) of the scatter within products, and the level that it is shrunk
        to: its mean over all D directions."""
        deviations = _within(self._rows, self._evidence.products)
        if changed:
            there = self._evidence.changed.any(1)
            pairs = (unit(self._evidence.changed[there]) - self._rows[there]) / 2
            deviations = np.concatenate([deviations, pairs])
        width = self._basis.shape[1]
        if not len(deviations):
            return np.zeros(width), np.eye(width), 1.0
        inner = (deviations @ self._basis).astype(np.float64)
        values, vectors = np.linalg.eigh(inner.T @ inner / len(inner))
        level = float((deviations**2).sum(1).mean()) / deviations.shape[1]
        return values.clip(0), vectors, max(level, 1e-12)


def _basis(rows: np.ndarray, shipped: np.ndarray) -> np.ndarray:
    """Orthonormal columns (D, r): the pictures' main directions, and what the shipped projection sees."""
    _, directions = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    main = directions[:, ::-1][:, : min(MOST_DIRECTIONS, len(rows))]
    rest = shipped.T - main @ (main.T @ shipped.T)
    left, sizes, _ = np.linalg.svd(rest, full_matrices=False)
    return np.concatenate([main, left[:, sizes > 1e-6 * np.linalg.norm(shipped, 2)]], 1)


def _within(rows: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Deviations from their product's mean, of the products with several pictures."""
    _, place, counts = np.unique(products, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), rows.shape[1]), rows.dtype)
    np.add.at(means, place, rows)
    means /= counts[:, None]
    several = counts[place] > 1
    return rows[several] - means[place[several]]


def _principal(rows: np.ndarray, dimension: int) -> np.ndarray:
    """The ``dimension`` directions (dimension, r), orthonormal, with the most energy; not centred.

    Where there are fewer directions, rows of zeros make up the number.
    """
    _, vectors = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    found = vectors[:, ::-1][:, :dimension].T
    return np.pad(found, ((0, dimension - len(found)), (0, 0)))


def _to_length(matrix: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Scaled so that its output over ``features`` has a mean length of 1."""
    return matrix / max(float(np.linalg.norm(features @ matrix.T, axis=1).mean()), 1e-12)


def without_bias(matrix: np.ndarray, bias: np.ndarray | None, features: np.ndarray) -> np.ndarray:
    """A layer (d, D) without bias that does nearly what one with it does: the same at the features' mean."""
    if bias is None:
        return matrix
    mean = features.mean(0)
    return matrix + np.outer(bias, mean) / float(mean @ mean)


def score(
    evidence: Evidence,
    matrix: np.ndarray,
    asked: np.ndarray | None = None,
    bias: np.ndarray | float = 0.0,
) -> Score:
    """Rank the gallery by cosine for each question.

    Args:
        asked: bool (n,), the questions to ask; all if None.
    """
    asking = evidence.asking if asked is None else evidence.asking & asked
    source = evidence.changed if evidence.drawn else evidence.features
    queries = unit(source[asking] @ matrix.T + bias)
    gallery = unit(evidence.features[evidence.gallery] @ matrix.T + bias)
    labels = evidence.products[evidence.gallery]
    places = np.zeros(len(queries), int)
    for i, (query, product) in enumerate(zip(queries, evidence.products[asking], strict=True)):
        cosines = gallery @ query
        right = labels == product
        # A product counts once, however many pictures of others lie before it.
        places[i] = len(np.unique(labels[cosines > cosines[right].max()]))
    return Score(places)


def recipes(evidence: Evidence) -> list[Recipe]:
    """The candidates; re-photographed pictures only where there are some."""
    changes = (False, True) if evidence.changed.any() else (False,)
    return [
        Recipe(shrinkage, blend, changed)
        for changed in changes
        for shrinkage in SHRINKAGES
        for blend in BLENDS
        if not (changed and shrinkage == 1.0)
    ]


def choose(
    evidence: Evidence, matrix: np.ndarray, seed: int, bias: np.ndarray | None = None, folds: int = FOLDS
) -> tuple[Recipe | None, Score, Score]:
    """The best recipe, its score and that of the shipped projection, on products that each fit did not see.

    None where no recipe has both a better mean reciprocal rank and no worse R@1.

    Args:
        matrix, bias: of the shipped projection, (d, D) and (d,).
    """
    shipped = without_bias(matrix, bias, evidence.features)
    before = score(evidence, matrix, bias=0.0 if bias is None else bias)
    tried = recipes(evidence)
    places = {recipe: np.zeros(len(before.places), int) for recipe in tried}
    order = np.flatnonzero(evidence.asking)
    for hidden in _folds(evidence, seed, folds):
        fitted = Fitter(evidence.only(~hidden), shipped)
        for recipe in tried:
            places[recipe][hidden[order]] = score(evidence, fitted(recipe), hidden).places
    scores = {recipe: Score(found) for recipe, found in places.items()}
    best = max(tried, key=lambda recipe: scores[recipe].reciprocal)
    better = scores[best].reciprocal > before.reciprocal and scores[best].recall >= before.recall
    return (best if better else None), scores[best], before


def _folds(evidence: Evidence, seed: int, folds: int) -> Iterator[np.ndarray]:
    """bool (n,) each: the pictures of a share of the products."""
    present = np.random.default_rng(seed).permutation(np.unique(evidence.products))
    for chosen in np.array_split(present, folds):
        yield np.isin(evidence.products, chosen)
