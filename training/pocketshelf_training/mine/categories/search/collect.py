"""Candidates of all categories: queries asked and pictures fetched once; a run goes on where it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pocketshelf.cli.output import say
from pocketshelf.errors import PhotoError, ServerError, Unreachable
from pocketshelf.progress import ProgressBar
from pocketshelf_training.mine.categories.search.keywords import Category, Query, folded
from pocketshelf_training.mine.categories.search.source import Found, ImageSource

__all__ = ["Answers", "Candidate", "collect"]

# In reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), how little the first places stand out.
SMOOTHING = 60
UNFETCHED, EXCLUDED = "not fetched", "excluded word"


@dataclass(frozen=True)
class Candidate:
    """A picture that was found for a category.

    Attributes:
        query: the first text that found it.
        score: how well it was found, by its places in all answers; more is better.
        path: the picture's file, once it is there.
        rule, why: what speaks against it before it is looked at; empty if nothing does.
    """

    found: Found
    category: str
    query: str
    score: float
    path: Path | None = None
    rule: str = ""
    why: str = ""


class Answers:
    """What a source answered, in a file, a line a query; half a line is what a run was cut off in."""

    def __init__(self, path: Path, source: str) -> None:
        self._path, self._source = path, source
        self._known: dict[tuple[str, str, int], list[Found]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                said = json.loads(line)
                found = [Found(str(address), str(text)) for address, text in said["found"]]
                self._known[said["source"], said["query"], said["most"]] = found
            except (ValueError, KeyError, TypeError):
                say(f"{path}: a line cannot be read; its query is asked again")

    def get(self, text: str, most: int) -> list[Found] | None:
        """What ``text`` was answered, if it was asked."""
        return self._known.get((self._source, text, most))

    def add(self, text: str, most: int, found: Sequence[Found]) -> None:
        """Keep it, at once."""
        self._known[self._source, text, most] = list(found)
        said = {
            "source": self._source,
            "query": text,
            "most": most,
            "found": [[each.address, each.text] for each in found],
        }
        torn = self._path.is_file() and self._path.read_bytes()[-1:] not in (b"", b"\n")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(("\n" if torn else "") + json.dumps(said, ensure_ascii=False) + "\n")


def collect(
    source: ImageSource, categories: Sequence[Category], queries: Sequence[Query], most: int, answers: Answers
) -> list[Candidate]:
    """The candidates, by category in the order given, best first.

    A picture that several categories found belongs to the one that found it best.

    Args:
        most: of each query.

    Raises:
        ServerError: the source cannot be asked; what it answered is kept.
    """
    hits = list(_asked(source, queries, most, answers))
    candidates = _merged(hits, [category.name for category in categories])
    exclude = {category.name: _pattern(category.exclude) for category in categories}
    checked = [_excluded(each, exclude[each.category]) for each in candidates]
    fetched = []
    with ProgressBar("pictures", seldom=30.0) as bar:
        for number, each in enumerate(checked, 1):
            fetched.append(each if each.rule else _fetched(source, each))
            bar.update(number, len(checked))
    return fetched


def _asked(
    source: ImageSource, queries: Sequence[Query], most: int, answers: Answers
) -> Iterator[tuple[Query, list[Found]]]:
    failed: list[ServerError] = []
    with ProgressBar("queries", "query", seldom=30.0) as bar:
        for number, query in enumerate(queries, 1):
            found = answers.get(query.text, most)
            if found is None:
                try:
                    found = list(source.search(query.text, most))
                    answers.add(query.text, most, found)
                except Unreachable as error:
                    raise Unreachable(
                        f"{error}; {number - 1} of {len(queries)} queries are answered and kept: "
                        "the same command goes on from there"
                    ) from None
                except ServerError as error:
                    failed.append(error)
                    bar.say(f"left out: {query.text}: {error}")
                    found = []
            yield query, found
            bar.update(number, len(queries))
    if failed and len(failed) == len(queries):
        raise failed[0]


def _merged(hits: Sequence[tuple[Query, list[Found]]], order: Sequence[str]) -> list[Candidate]:
    """Each address once, for the category with the best sum of reciprocal places, or the first of them."""
    scores: dict[str, dict[str, float]] = {}
    first: dict[tuple[str, str], tuple[Found, str]] = {}
    for query, found in hits:
        for place, each in enumerate(found, 1):
            of = scores.setdefault(each.address, {})
            of[query.category] = of.get(query.category, 0.0) + 1 / (SMOOTHING + place)
            first.setdefault((each.address, query.category), (each, query.text))
    candidates = []
    for address, of in scores.items():
        category = max(of, key=lambda name: (of[name], -order.index(name)))
        found_first, text = first[address, category]
        candidates.append(Candidate(found_first, category, text, of[category]))
    return sorted(candidates, key=lambda each: (order.index(each.category), -each.score))


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """The words as they stand alone; those of scripts without blanks anywhere."""
    kinds = [
        rf"\b{re.escape(word)}\b" if word.isascii() or word[:1].islower() else re.escape(word)
        for word in map(folded, words)
    ]
    return re.compile("|".join(kinds)) if kinds else None


def _excluded(each: Candidate, pattern: re.Pattern[str] | None) -> Candidate:
    match = pattern.search(folded(each.found.text)) if pattern else None
    return replace(each, rule=EXCLUDED, why=f"its text says “{match.group()}”") if match else each


def _fetched(source: ImageSource, each: Candidate) -> Candidate:
    try:
        return replace(each, path=source.fetch(each.found))
    except PhotoError as error:
        return replace(each, rule=UNFETCHED, why=str(error))
