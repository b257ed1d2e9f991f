"""Recall of every method at every dimension: its options chosen on val, the figure taken on test."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from pocketshelf.formats import quantize_vectors
from pocketshelf_training.metrics.intervals import Figure, mean_with_interval
from pocketshelf_training.metrics.ranking import found_at
from pocketshelf_training.models import lda, pca
from pocketshelf_training.models.projection import Projection, unit
from pocketshelf_training.studies.reduce import learned
from pocketshelf_training.studies.reduce.features import Features

__all__ = ["METHODS", "Row", "measure_method", "row_of", "to_int8"]

log = logging.getLogger("pocketshelf.training")


class Method(NamedTuple):
    """A way to a projection.

    Attributes:
        fit: features (n, D), labels (n,), dimensions and one of the ``candidates`` to a projection for each
            dimension that there can be.
        candidates: options, of which val chooses.
        limit: the most dimensions for these labels (n,), where there is such a limit.
    """

    fit: Callable[..., dict[int, Projection]]
    candidates: Sequence[dict[str, Any]]
    limit: Callable[[np.ndarray], int] | None = None


METHODS = {
    "PCA-whitening": Method(pca.fit, [{"power": power} for power in (0.0, 0.25, 0.5)]),
    "LDA": Method(lda.fit, [{"shrinkage": share} for share in (0.03, 0.1, 0.3, 0.6)], lda.limit),
    "bottleneck": Method(
        partial(learned.fit, kind="class"),
        [{"epochs": 10}, {"epochs": 40}, {"epochs": 40, "noise": 1.0}],
    ),
    "metric": Method(
        learned.fit,
        [
            {"kind": "proxy", "epochs": 15},
            {"kind": "proxy", "epochs": 40, "noise": 1.0},
            {"kind": "triplet", "epochs": 20},
        ],
    ),
}
KS = (1, 5)


class Row(NamedTuple):
    """One method at one dimension.

    Attributes:
        options: what val chose.
        val: R@1 there.
        test: R@1 and R@5 there, of int8 vectors as stores hold them.
        float_test: R@1 there of float32 vectors.
        bytes: of one int8 vector.
        head_bytes: of the layer that makes it, in int8.
    """

    method: str
    dimension: int
    options: dict[str, Any]
    val: Figure
    test: dict[str, Figure]
    float_test: Figure
    bytes: int
    head_bytes: int


def to_int8(vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, d) as a store holds them, back as unit floats."""
    return unit(quantize_vectors(vectors).astype(np.float32))


def measure_method(
    name: str, features: Features, dimensions: Iterable[int], held_out: np.ndarray | None = None
) -> list[Row]:
    """A row a dimension.

    Args:
        held_out: products that nothing is fitted on; only their photos are queries then, against
            the whole catalogue. None: every product is known.
    """
    method = METHODS[name]
    x, y = _fitting(features, held_out)
    wanted = sorted(set(dimensions))
    if method.limit:
        most = method.limit(y)
        wanted = [d for d in wanted if d < most] + ([most] if any(d >= most for d in wanted) else [])
    best: dict[int, tuple[float, dict[str, Any], Projection]] = {}
    for options in method.candidates:
        started = time.monotonic()
        for dimension, projection in method.fit(x, y, wanted, **options).items():
            score = _val_score(features, projection, held_out)
            if dimension not in best or score > best[dimension][0]:
                best[dimension] = (score, dict(options), projection)
        log.info("%s %s: %.0f s", name, options, time.monotonic() - started)
    return [
        row_of(name, features, options, projection.apply, held_out, projection.dimension)
        for _, options, projection in best.values()
    ]


def _fitting(features: Features, held_out: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Training photos and shop pictures of the products that may be known."""
    x = np.concatenate([features.train, features.shop])
    y = np.concatenate([features.train_products, features.shop_products])
    known = np.ones(len(y), bool) if held_out is None else ~np.isin(y, held_out)
    return x[known], y[known]


def _hits(
    features: Features, split: str, apply: Any, asked: np.ndarray | None, k: int, int8: bool = True
) -> np.ndarray:
    """Bool (n,): which photos of the products ``asked`` (None: all) find theirs among the first ``k``."""
    queries, products = getattr(features, split), getattr(features, f"{split}_products")
    if asked is not None:
        chosen = np.isin(products, asked)
        queries, products = queries[chosen], products[chosen]
    queries, gallery = apply(queries), apply(features.shop)
    if int8:
        queries, gallery = to_int8(queries), to_int8(gallery)
    return found_at(queries, products, gallery, features.shop_products, k)


def _val_score(features: Features, projection: Projection, held_out: np.ndarray | None) -> float:
    """R@1 on val; with products held out on the *known* products' val photos, as a developer would choose."""
    known = None if held_out is None else np.setdiff1d(features.shop_products, held_out)
    return float(_hits(features, "val", projection.apply, known, 1).mean())


def row_of(
    name: str,
    features: Features,
    options: dict[str, Any],
    apply: Any,
    held_out: np.ndarray | None,
    dimension: int,
    head_bytes: int | None = None,
) -> Row:
    """The figures of one way ``apply`` (features (n, D) to unit vectors (n, d)).

    Args:
        head_bytes: of its layer, where that is not a matrix (D, d).
    """
    test = {f"R@{k}": mean_with_interval(_hits(features, "test", apply, held_out, k)) for k in KS}
    return Row(
        name,
        dimension,
        options,
        mean_with_interval(_hits(features, "val", apply, held_out, 1)),
        test,
        mean_with_interval(_hits(features, "test", apply, held_out, 1, int8=False)),
        dimension,
        features.shop.shape[1] * dimension if head_bytes is None else head_bytes,
    )
