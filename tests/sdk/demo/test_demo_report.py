"""Recall, its intervals, and ranks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketshelf.demo.answers import Answer
from pocketshelf.demo.dataset import Query
from pocketshelf.demo.report import recall_rows, stage_times, wilson
from pocketshelf.types import Region, SearchResult, Timings


def _answer(rank: int | None, any_rank: int | None, whole_rank: int | None, total: float = 1.0) -> Answer:
    region = Region((0, 0, 1, 1), "goods", 0.9, hits=())
    result = SearchResult("p", 1, 1, (region,), Timings(total=total))
    return Answer(Query(Path("p"), "1"), result, 0, rank, any_rank, whole_rank)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_intervals_agree_with_published_values(successes: int, n: int, low: float, high: float) -> None:
    # 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I.
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-4)


def test_no_queries_leave_everything_open() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert [row.n for row in recall_rows([], boxes_known=False)] == [0, 0, 0]
    assert stage_times([]) == ()


def test_each_way_to_search_has_its_own_recall() -> None:
    answers = [_answer(1, 1, None), _answer(4, 1, 1), _answer(None, 5, 1), _answer(None, None, None)]
    detected, any_box, whole = recall_rows(answers, boxes_known=True)
    assert (detected.at_1, detected.at_5) == (0.25, 0.5)
    assert (any_box.at_1, any_box.at_5) == (0.5, 0.75)
    assert (whole.at_1, whole.at_5) == (0.5, 0.5)
    assert "garment" in detected.label and detected.n == 4


def test_models_without_a_detector_have_one_row() -> None:
    (row,) = recall_rows([_answer(1, 1, 2)], boxes_known=True, detects=False)
    assert (row.key, row.at_1, row.at_5) == ("whole", 0.0, 1.0)


def test_times_are_medians_and_ninetieth_percentiles() -> None:
    answers = [_answer(1, 1, 1, total=float(ms)) for ms in range(1, 12)]
    total = stage_times(answers)[-1]
    assert (total.stage, total.median, total.p90) == ("total", 6.0, 10.0)
