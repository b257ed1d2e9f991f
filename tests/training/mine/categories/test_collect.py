"""Candidates of several queries: each once, for its best category, and nothing asked or fetched twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketshelf.errors import PhotoError, ServerError, Unreachable
from pocketshelf_training.mine.categories.search.collect import (
    EXCLUDED,
    UNFETCHED,
    Answers,
    Candidate,
    collect,
)
from pocketshelf_training.mine.categories.search.keywords import Category, combined
from pocketshelf_training.mine.categories.search.source import Found

CATEGORIES = [
    Category("Shoes", {"": ("shoes", "boots")}, {}, ("rack", "鞋架")),
    Category("Hats", {"": ("hat",)}, {}),
]
LISTED = {
    "shoes": [Found("a", "shoes"), Found("b", "a Rack for shoes"), Found("shared", "hat and shoes")],
    "boots": [Found("a", "boots"), Found("c", "racket"), Found("d", "白鞋架子")],
    "hat": [Found("shared", "hat"), Found("gone", "hat")],
}


class Listed:
    """A source from a table, which counts what it is asked and fails where it is told to."""

    name = "table"

    def __init__(self, failing: dict[str, Exception] | None = None) -> None:
        self.asked: list[str] = []
        self.failing = failing or {}

    def search(self, text: str, most: int) -> Iterator[Found]:
        self.asked.append(text)
        if text in self.failing:
            raise self.failing[text]
        yield from LISTED[text][:most]

    def fetch(self, found: Found) -> Path:
        if found.address == "gone":
            raise PhotoError("gone: the server answers 404")
        return Path(found.address)


def collected(source: Listed, path: Path, most: int = 10) -> list[Candidate]:
    return collect(source, CATEGORIES, combined(CATEGORIES), most, Answers(path, source.name))


def test_each_picture_comes_once_for_the_category_that_found_it_best(tmp_path: Path) -> None:
    found = collected(Listed(), tmp_path / "answers.jsonl")
    assert [(each.found.address, each.category, each.query) for each in found] == [
        ("a", "Shoes", "shoes"),
        ("b", "Shoes", "shoes"),
        ("c", "Shoes", "boots"),
        ("d", "Shoes", "boots"),
        ("shared", "Hats", "hat"),
        ("gone", "Hats", "hat"),
    ]
    assert {each.found.address: (each.rule, each.why) for each in found if each.rule} == {
        "b": (EXCLUDED, "its text says “rack”"),
        "d": (EXCLUDED, "its text says “鞋架”"),
        "gone": (UNFETCHED, "gone: the server answers 404"),
    }


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    with pytest.raises(Unreachable, match="away; 2 of 3 queries are answered and kept"):
        collected(Listed({"hat": Unreachable("away")}), answers)
    answers.write_text(answers.read_text() + '{"source": "table", "query": "ha')
    again = Listed()
    assert len(collected(again, answers)) == 6 and again.asked == ["hat"]
    once_more = Listed()
    assert len(collected(once_more, answers)) == 6 and once_more.asked == []


def test_another_source_or_another_number_is_asked_anew(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    collected(Listed(), answers)
    fewer, other = Listed(), Listed()
    other.name = "another table"
    assert len(collected(fewer, answers, 1)) == 2 and fewer.asked == ["shoes", "boots", "hat"]
    collected(other, answers)
    assert other.asked == ["shoes", "boots", "hat"]


def test_a_query_that_fails_is_left_out_and_asked_again_next_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.jsonl"
    assert len(collected(Listed({"boots": ServerError("answers 400")}), answers)) == 4
    assert "left out: boots: answers 400" in capfd.readouterr().err
    again = Listed()
    collected(again, answers)
    assert again.asked == ["boots"]


def test_where_every_query_fails_the_reason_is_the_error(tmp_path: Path) -> None:
    failing = {text: ServerError(f"no {text}") for text in LISTED}
    with pytest.raises(ServerError, match="no shoes"):
        collected(Listed(failing), tmp_path / "answers.jsonl")
