"""Which box counts, and the right product's rank in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pocketshelf.demo.answers import answer_queries
from pocketshelf.demo.dataset import Query
from pocketshelf.types import Box, Hit, Region, SearchResult, Timings


def _region(box: Box, *products: str) -> Region:
    return Region(box, "upper", 0.9, hits=tuple(Hit(product, 0.5, "t", "c") for product in products))


class _Retriever:
    """Finds a bag on the left, a coat on the right, and the bag in the whole photo."""

    def search(self, photo: Path, top_k: int, whole: bool = False, fallback: bool = True) -> SearchResult:
        regions = (_region((0, 0, 40, 90), "bag", "coat"), _region((50, 10, 40, 80), "hat", "shoe", "coat"))
        return SearchResult("p", 100, 100, regions[:1] if whole else regions, Timings())


@pytest.mark.parametrize(
    ("box", "product", "region", "rank", "any_rank", "whole_rank"),
    [
        (None, "coat", 0, 2, 2, 2),
        ((55, 20, 20, 60), "coat", 1, 3, 2, 2),
        ((35, 0, 30, 90), "hat", 1, 1, 1, None),
        ((5, 5, 20, 20), "hat", 0, None, 1, None),
        ((95, 95, 4, 4), "bag", 0, 1, 1, 1),
    ],
    ids=["no box known", "the box on it", "the one that overlaps more", "another one", "none overlaps"],
)
def test_the_box_that_overlaps_the_garment_most_counts(
    box: Box | None, product: str, region: int, rank: Any, any_rank: Any, whole_rank: Any
) -> None:
    told: list[tuple[int, int]] = []
    queries = [Query(Path("p"), product, box)]
    (answer,) = answer_queries(_Retriever(), queries, lambda *now: told.append(now))  # type: ignore[arg-type]
    assert (answer.region, answer.rank, answer.any_rank, answer.whole_rank) == (
        region, rank, any_rank, whole_rank,
    )  # fmt: skip
    assert told == [(1, 1)]
