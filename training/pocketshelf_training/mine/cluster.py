"""Same-style clusters: HDBSCAN's, within a category, then joined while their average distance is small.

HDBSCAN (Campello, Moulavi and Sander, 2013) alone breaks a product with a few photos into pairs, or takes a
whole category for one where photos are sparse. Here it makes small sure clusters, to which pictures are added
that are among each other's nearest; these, and what is still alone, are joined by average linkage up to a
distance, much as HDBSCAN(ε̂) joins its own (Malzer and Baum, 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pocketshelf_training.mine.neighbours import nearest
from pocketshelf_training.mine.vectors import Embedded

__all__ = ["ALONE", "Settings", "Spread", "cluster", "in_one_process", "likely_categories"]

# A category with too many pictures is cut apart, at ever smaller distances.
NARROWER, LEAST_REACH = 0.8, 1e-3

Spread = Callable[[Callable[[np.ndarray], np.ndarray], Sequence[np.ndarray]], Iterable[np.ndarray]]
"""Applies a function to each of several arrays, here or on several machines, in their order."""


@dataclass(frozen=True)
class Settings:
    """How pictures are clustered; chosen on grocery photos of splits val and train (docs/mining.md).

    Attributes:
        expansion, power: vectors are averaged with those of so many neighbours, see
            `pocketshelf_training.mine.expansion`; before, not in, `cluster`.
        colours: the weight of palettes beside the vectors, see `prepared` in the same module.
        reach: cosine distance up to which clusters are joined, on average over their pairs.
        core: HDBSCAN's smallest cluster.
        mutual, near: two pictures hang together if they are so near, and each is among so many nearest of the
            other, or both in one of HDBSCAN's clusters. Of vectors alone: colours widen it, see `within`.
        voters: neighbours that have a say in a picture's category, besides itself.
        links: neighbours of each picture that are looked at within its category.
        exact_limit: pictures up to which neighbours are exact and a matrix of distances is made.
    """

    expansion: int = 2
    power: float = 5.0
    colours: float = 0.3
    reach: float = 0.19
    core: int = 2
    mutual: int = 3
    near: float = 0.2
    voters: int = 5
    links: int = 32
    exact_limit: int = 4000

    @property
    def within(self) -> float:
        """``near`` with colours beside the vectors: two pictures of one thing differ in them as well."""
        return self.near * (1.0 + self.colours)


ALONE = Settings(colours=0.0, reach=0.14)
"""What the same choice takes of vectors alone."""


def in_one_process(
    function: Callable[[np.ndarray], np.ndarray], items: Sequence[np.ndarray]
) -> Iterable[np.ndarray]:
    """The `Spread` of one machine."""
    return map(function, items)


def likely_categories(embedded: Embedded, settings: Settings) -> np.ndarray:
    """The category (n,) of each picture, a number: the likeliest on average over it and its neighbours.

    One photo in ten is taken for another category by itself, and a split by category cannot be mended.
    """
    rows, _ = nearest(embedded.vectors, settings.voters, settings.exact_limit)
    shares = (embedded.shares + embedded.shares[rows].sum(1)) / (rows.shape[1] + 1)
    return shares.argmax(1)


def cluster(
    embedded: Embedded,
    settings: Settings | None = None,
    spread: Spread = in_one_process,
    categories: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster the pictures of each category.

    Args:
        categories: int (n,) those of the pictures, where `likely_categories` was asked before.

    Returns:
        int64 (n,) the cluster of each picture, -1 for none, and int64 (n,) its category's number.
    """
    settings = settings or Settings()
    if not len(embedded):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    if categories is None:
        categories = likely_categories(embedded, settings)
    groups = [np.flatnonzero(categories == name) for name in np.unique(categories)]
    found = spread(partial(_clusters, settings=settings), [embedded.vectors[rows] for rows in groups])
    labels, count = np.full(len(embedded), -1), 0
    for rows, inner in zip(groups, found, strict=True):
        labels[rows] = np.where(inner >= 0, inner + count, -1)
        count += inner.max(initial=-1) + 1
    return labels, categories


def _clusters(vectors: np.ndarray, settings: Settings) -> np.ndarray:
    """The clusters (n,) of one category's vectors, from 0; -1 for a picture alone."""
    labels, count = np.full(len(vectors), -1), 0
    for rows in _parts(vectors, 2 * settings.reach, settings):
        inner = _joined(vectors[rows], _sure(vectors[rows], settings), settings.reach)
        labels[rows] = np.where(inner >= 0, inner + count, -1)
        count += inner.max(initial=-1) + 1
    return labels


def _parts(vectors: np.ndarray, reach: float, settings: Settings) -> list[np.ndarray]:
    """The rows of a category; one too large for a matrix of distances in parts that no neighbours connect.

    Two parts hold no pair that ``reach`` would join; a part still too large is cut at a smaller distance.
    """
    count = len(vectors)
    if count <= settings.exact_limit or reach < LEAST_REACH:
        return [np.arange(count)]
    rows, distances = nearest(vectors, settings.links, settings.exact_limit)
    near = distances <= reach
    firsts = np.repeat(np.arange(count), near.sum(1))
    edges = coo_array((np.ones(len(firsts)), (firsts, rows[near])), shape=(count, count))
    _, part = connected_components(edges, directed=False)
    order = np.argsort(part, kind="stable")
    pieces = np.split(order, np.flatnonzero(np.diff(part[order])) + 1)
    return [piece[inner] for piece in pieces for inner in _parts(vectors[piece], NARROWER * reach, settings)]


def _sure(vectors: np.ndarray, settings: Settings) -> np.ndarray:
    """What hangs together for sure (n,): near, and in one of HDBSCAN's clusters or mutually nearest.

    HDBSCAN alone knows no distance: it takes two products for one where there is no third.
    """
    count = len(vectors)
    if count <= max(settings.core, 2):
        return np.full(count, -1)
    # scikit-learn takes a second to import.
    from sklearn.cluster import HDBSCAN

    distances = np.clip(1.0 - vectors @ vectors.T, 0.0, 2.0).astype(np.float64)
    np.fill_diagonal(distances, 0.0)
    model = HDBSCAN(min_cluster_size=settings.core, min_samples=1, metric="precomputed", copy=True)
    found = model.fit_predict(distances)
    in_one = (found[:, None] == found) & (found >= 0) & (distances <= settings.within)
    together = _mutual(distances, settings) | in_one
    return connected_components(together, directed=False)[1]


def _mutual(distances: np.ndarray, settings: Settings) -> np.ndarray:
    """bool (n, n): each is among the nearest of the other, and near."""
    order = np.argsort(distances + np.diag(np.full(len(distances), np.inf)), axis=1, kind="stable")
    among = np.zeros(distances.shape, bool)
    np.put_along_axis(among, order[:, : min(settings.mutual, len(distances) - 1)], True, axis=1)
    return among & among.T & (distances <= settings.within)


def _joined(vectors: np.ndarray, labels: np.ndarray, reach: float) -> np.ndarray:
    """Average linkage from ``labels`` (noise: each picture alone) on, nearest pair first, up to ``reach``.

    The average cosine distance of two sets of unit vectors is 1 less the product of their means.
    """
    labels = labels.copy()
    alone = labels < 0
    labels[alone] = np.arange(alone.sum()) + labels.max(initial=-1) + 1
    count = labels.max(initial=-1) + 1
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, labels, vectors)
    sizes = np.bincount(labels, minlength=count).astype(float)
    owner = _linked(sums, sizes, reach)[labels]
    _, numbers, members = np.unique(owner, return_inverse=True, return_counts=True)
    order = np.cumsum(members > 1) - 1
    return np.where(members > 1, order, -1)[numbers]


def _linked(sums: np.ndarray, sizes: np.ndarray, reach: float) -> np.ndarray:
    """Set → the set that it ends in, joining the nearest two until none are within ``reach``."""
    owner = np.arange(len(sizes))
    means = sums / sizes[:, None]
    distances = 1.0 - means @ means.T
    np.fill_diagonal(distances, np.inf)
    best = distances.argmin(1) if len(sizes) else owner
    while len(sizes):
        one = int(distances[owner, best].argmin())
        other = int(best[one])
        if not distances[one, other] <= reach:
            break
        merged = (sizes[one] * distances[one] + sizes[other] * distances[other]) / (sizes[one] + sizes[other])
        sizes[one] += sizes[other]
        merged[[one, other]] = np.inf
        distances[one], distances[:, one] = merged, merged
        distances[other], distances[:, other] = np.inf, np.inf
        owner_of_other = owner == other
        owner = np.where(owner_of_other, one, owner)
        best = distances.argmin(1)
    return owner
