"""What to ask for: each category's keywords, alone and with modifiers of their language."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pocketshelf.errors import UsageError

__all__ = ["MOST_COMBINATIONS", "Category", "Query", "Words", "combined", "folded"]

MOST_COMBINATIONS = 200
# Combinations looked at for each that may be used: two long lists have more than can be gone through.
LOOKED_AT = 10
# Words by language; "" for those of any.
Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Category:
    """What a category is called.

    Attributes:
        exclude: a picture whose text has one of these words is none of the category.
    """

    name: str
    keywords: Words
    modifiers: Words
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """One text to search for, and the category that is hoped for."""

    category: str
    text: str


def folded(text: str) -> str:
    """``text`` as it is compared: width, case and blanks do not matter (NFKC, then case folding)."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def combined(categories: Sequence[Category], most: int = MOST_COMBINATIONS) -> list[Query]:
    """Each category's keywords alone, then with its first modifier, its second and so on; ``most`` of them.

    The order is that of the file. What reads the same is asked once.

    Raises:
        UsageError: two categories ask for the same.
    """
    queries: list[Query] = []
    owner: dict[str, str] = {}
    for category in categories:
        mine: dict[str, Query] = {}
        for text in itertools.islice(_texts(category), most * LOOKED_AT):
            mine.setdefault(folded(text), Query(category.name, text))
            if len(mine) == most:
                break
        for key, query in mine.items():
            if owner.setdefault(key, category.name) != category.name:
                raise UsageError(
                    f"{query.text!r} is asked for by {owner[key]} and by {category.name}: "
                    "take it away from one of them, or its pictures would get both labels"
                )
        queries += mine.values()
    return queries


def _texts(category: Category) -> Iterator[str]:
    pairs = [(language, word) for language, words in category.keywords.items() for word in words]
    yield from (word for _, word in pairs)
    modifiers = {language: _modifiers_of(category, language) for language in category.keywords}
    for number in range(max(map(len, modifiers.values()), default=0)):
        for language, word in pairs:
            if number < len(modifiers[language]):
                yield f"{modifiers[language][number]} {word}"


def _modifiers_of(category: Category, language: str) -> tuple[str, ...]:
    """Its own language's, and those of any; a keyword of no language takes all."""
    if not language:
        return tuple(itertools.chain.from_iterable(category.modifiers.values()))
    return category.modifiers.get(language, ()) + category.modifiers.get("", ())
