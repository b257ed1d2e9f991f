"""Search the photos as a user would, and once more whole, and find the right product's rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pocketshelf.demo.dataset import Dataset, Example, Query
from pocketshelf.retriever import Retriever
from pocketshelf.stages.detect import pairwise_iou
from pocketshelf.types import Box, Region, SearchResult

__all__ = ["TOP_K", "Answer", "DetectedExample", "answer_queries", "detect_examples"]

TOP_K = 5
_MAX_BOXES = 8


@dataclass(frozen=True)
class Answer:
    """One query, answered.

    Attributes:
        detected: the search with detection.
        region: index of the region that counts: where the photo's box is known, the one that overlaps it
            most (a user would tap it), else the most prominent one.
        rank: of the right product in that region, from 1; None if it is not among the first `TOP_K`.
        any_rank: the best rank in any region.
        whole_rank: the rank when the frame is searched whole.
    """

    query: Query
    detected: SearchResult
    region: int
    rank: int | None
    any_rank: int | None
    whole_rank: int | None


@dataclass(frozen=True)
class DetectedExample:
    """A photo without a product here: what the detector and the categories say."""

    example: Example
    regions: tuple[Region, ...]
    width: int
    height: int


def answer_queries(
    retriever: Retriever, queries: Sequence[Query], progress: Callable[[int, int], None]
) -> list[Answer]:
    """Search every query twice: with detection, and whole.

    Raises:
        PhotoError: a query's photo cannot be read.
        StoreError: the store is damaged.
    """
    if queries:
        retriever.search(queries[0].photo, TOP_K)  # The first search opens what later ones have at hand.
    answers = []
    for query in queries:
        answers.append(_answer(retriever, query))
        progress(len(answers), len(queries))
    return answers


def _answer(retriever: Retriever, query: Query) -> Answer:
    detected = retriever.search(query.photo, TOP_K, fallback=False)
    whole = retriever.search(query.photo, TOP_K, whole=True, fallback=False)
    ranks = [_rank(region, query.product_id) for region in detected.regions]
    chosen = _tapped(detected.regions, query.box)
    return Answer(
        query,
        detected,
        region=chosen,
        rank=ranks[chosen],
        any_rank=min((rank for rank in ranks if rank), default=None),
        whole_rank=_rank(whole.regions[0], query.product_id),
    )


def _rank(region: Region, product_id: str) -> int | None:
    found = [hit.product_id for hit in region.hits or ()]
    return found.index(product_id) + 1 if product_id in found else None


def _tapped(regions: Sequence[Region], box: Box | None) -> int:
    if box is None:
        return 0
    x, y, w, h = np.array([box, *(region.box for region in regions)]).T
    corners = np.stack([x, y, x + w, y + h], axis=1)
    return int(np.argmax(pairwise_iou(corners[:1], corners[1:])))


def detect_examples(retriever: Retriever, dataset: Dataset) -> list[DetectedExample]:
    """Boxes and categories of the photos that have no product here; no photo without a detector.

    Raises:
        PhotoError: a photo cannot be read.
    """
    detector = retriever.encoder.bundle.detector
    if detector is None:
        return []
    found = []
    for example in dataset.examples:
        result = retriever.encoder.detect(str(example.photo))
        clear = [region for region in result.regions if region.score >= detector.score_threshold]
        found.append(DetectedExample(example, tuple(clear[:_MAX_BOXES]), result.width, result.height))
    return found
