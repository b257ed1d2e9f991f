"""A shelf's own distances: in their units a query's cosines mean the same in every shop.

A cosine of 0.6 is far in a shop of alike shirts and near in one of groceries. Speaker verification solves the
same problem by score normalisation (Auckenthaler, Carey and Lloyd-Thomas, "Score normalization for
text-independent speaker verification systems", 2000; Z-, T- and S-norm): a score is measured in standard
deviations of what a cohort scores. The cohort here is a sample of the shelf's own products.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from pocketshelf.formats.layout import SAMPLE, sampled_rows
from pocketshelf.formats.shard import Shard

__all__ = ["LEAST_SPREAD", "CatalogueSpread", "Cohort", "Neighbourhood"]

# Of the products; a shelf with fewer is its own cohort. 2,048 vectors of 256 numbers are 2 MB.
COHORT = SAMPLE
# Of the cohort, to take nearest neighbours of.
PROBES = 512
# A spread below it, as of a shelf with one product, says nothing.
LEAST_SPREAD = 0.02


class Cohort(Protocol):
    """In whose units a search's cosines are told."""

    @property
    def nearest(self) -> tuple[float, float]:
        """Mean and standard deviation of a product's cosine to the nearest other product."""

    def background(self, vector: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of a float (D,) vector to the cohort."""


@dataclass(frozen=True)
class CatalogueSpread:
    """A `Cohort` that is elsewhere: what a server tells of its full catalogue, for one query.

    Attributes:
        of_query, of_hits: what `background` says of the query, and of some products' first pictures by id.
    """

    nearest: tuple[float, float]
    of_query: tuple[float, float]
    of_hits: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def background(self, vector: np.ndarray) -> tuple[float, float]:
        """Of the query, whatever is asked: vectors are not told of."""
        return self.of_query


class Neighbourhood:
    """The statistics of one shelf; read at the first question, the same in every session.

    Args:
        shard: the products; None where the sample is given.
        sample: gives the first pictures of `sampled_rows`, int8 (n, D), where they are at hand; else they are
            read from the shard.
    """

    def __init__(self, shard: Shard | None, sample: Callable[[], np.ndarray] | None = None) -> None:
        self._shard = shard
        self._sample = sample

    @functools.cached_property
    def cohort(self) -> np.ndarray:
        """Float32 (n, D), L2-normalised: the first picture of each of at most `COHORT` products."""
        vectors = (self._read() if self._sample is None else self._sample()).astype(np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)

    def _read(self) -> np.ndarray:
        assert self._shard is not None, "either is given"
        chosen = json.dumps(sampled_rows(self._shard).tolist())
        rows = "WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY product_id"
        size = self._shard.meta.dimension
        blobs = self._shard.query(f"SELECT vectors FROM products {rows}", chosen)
        return np.array([np.frombuffer(blob, np.int8)[:size] for (blob,) in blobs], np.int8).reshape(-1, size)

    @functools.cached_property
    def nearest(self) -> tuple[float, float]:
        """Mean and standard deviation of a product's cosine to the nearest other product."""
        if len(self.cohort) < 2:
            return 0.0, 1.0
        cosines = self.cohort[:PROBES] @ self.cohort.T
        np.fill_diagonal(cosines, -1.0)
        best = cosines.max(axis=1)
        return float(best.mean()), max(LEAST_SPREAD, float(best.std()))

    def background(self, vector: np.ndarray) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of a float (D,) vector to the cohort."""
        if not len(self.cohort):
            return 0.0, 1.0
        cosines = self.cohort @ (vector / max(float(np.linalg.norm(vector)), 1e-6)).astype(np.float32)
        return float(cosines.mean()), max(LEAST_SPREAD, float(cosines.std()))

    def told(self, query: np.ndarray, hits: Mapping[str, np.ndarray]) -> CatalogueSpread:
        """What a server with these products tells of a query, and of hits' first pictures by their ids."""
        vectors = np.stack([query, *hits.values()]).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        cosines = vectors @ self.cohort.T
        mean, spread = cosines.mean(axis=1), np.maximum(LEAST_SPREAD, cosines.std(axis=1))
        of_query, *of_hits = zip(mean.tolist(), spread.tolist(), strict=True)
        return CatalogueSpread(self.nearest, of_query, dict(zip(hits, of_hits, strict=True)))
