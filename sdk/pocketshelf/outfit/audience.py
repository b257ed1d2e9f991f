"""For whom a product is, as its catalogue states it: what is worn together is worn by one person.

Read are the attributes ``age_group`` and ``gender`` of Google's product data
(https://support.google.com/merchants/answer/6324463 and 6324479), which exports of shops have, too; their
words are English in feeds of every language. Where they say nothing the category does ("Girls > Coats"), or
the title ("Men's Parka"). What states no age is for adults, what states no gender for all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pocketshelf.stages.where import texts

__all__ = ["AGE", "GENDER", "Audience", "audience_of"]

AGE, GENDER = "age_group", "gender"
ADULT = "adult"

_AGES = {
    "newborn": "newborn",
    "infant": "infant", "infants": "infant", "baby": "infant", "babies": "infant",
    "toddler": "toddler", "toddlers": "toddler",
    "kids": "kids", "kid": "kids", "child": "kids", "children": "kids", "boys": "kids", "girls": "kids",
    "adult": ADULT, "adults": ADULT,
}  # fmt: skip
_GENDERS = {
    "male": "male", "men": "male", "man": "male", "mens": "male", "men's": "male", "boys": "male",
    "female": "female", "women": "female", "woman": "female", "womens": "female", "women's": "female",
    "girls": "female",
}  # fmt: skip
# In a title a kid may be leather, a baby a size, and a man's name anything.
_TITLED = {"kids", "children", "boys", "girls", "toddler", "toddlers", "mens", "men", "womens", "women"}
# Whole words, possessive ones as well: "Girls' Coats", "Men's".
_CATEGORY, _TITLE = (re.compile(rf"\b(?:{'|'.join(words)})\b") for words in ({*_AGES, *_GENDERS}, _TITLED))
_WORD = re.compile(r"\w+")
EVERYBODY, UNISEX = frozenset(_GENDERS.values()), "unisex"


@dataclass(frozen=True)
class Audience:
    """Whom a product suits."""

    ages: frozenset[str] = frozenset({ADULT})
    genders: frozenset[str] = EVERYBODY

    def shares(self, other: Audience) -> bool:
        """Whether one person can be of both."""
        return not (self.ages.isdisjoint(other.ages) or self.genders.isdisjoint(other.genders))


def audience_of(attributes: Mapping[str, Any], category: str = "", title: str = "") -> Audience:
    """Whom a product suits, of which the catalogue says this; words that are not known state nothing.

    Args:
        category: or a path of categories.
    """
    ages, genders = (_stated(attributes[name]) if name in attributes else () for name in (AGE, GENDER))
    folded = title.casefold()
    titled = () if _TITLED.isdisjoint(_WORD.findall(folded)) else tuple(_TITLE.findall(folded))
    return _audience(ages, genders, category, titled)


@functools.lru_cache(maxsize=4096)
def _audience(
    ages: tuple[str, ...], genders: tuple[str, ...], category: str, titled: tuple[str, ...]
) -> Audience:
    """Most products of a category state the same."""
    spoken = [_CATEGORY.findall(category.casefold()), titled]
    # "gender: Girls" states an age, too; "unisex" is for all.
    old = _first(_AGES, [ages or genders, *spoken])
    of = EVERYBODY if UNISEX in genders else _first(_GENDERS, [genders, *spoken])
    return Audience(frozenset(old or {ADULT}), frozenset(of or EVERYBODY))


def _first(known: Mapping[str, str], said: Iterable[Sequence[str]]) -> set[str]:
    """What the first says that says anything known."""
    found = ({known[word] for word in words if word in known} for words in said)
    return next(filter(None, found), set())


def _stated(value: Any) -> tuple[str, ...]:
    return tuple(word.strip() for text in texts(value) for word in re.split("[,;|/]", text))
