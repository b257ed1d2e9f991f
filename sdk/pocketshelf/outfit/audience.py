"""For whom a product is, as its catalogue states it: what is worn together is worn by one person.

Read are the attributes ``age_group`` and ``gender`` of Google's product data
(https://support.google.com/merchants/answer/6324463 and 6324479), which exports of shops have, too; their
words are English in feeds of every language. What states no age is for adults, what states no gender for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
EVERYBODY = frozenset(_GENDERS.values())


@dataclass(frozen=True)
class Audience:
    """Whom a product suits."""

    ages: frozenset[str] = frozenset({ADULT})
    genders: frozenset[str] = EVERYBODY

    def shares(self, other: Audience) -> bool:
        """Whether one person can be of both."""
        return not (self.ages.isdisjoint(other.ages) or self.genders.isdisjoint(other.genders))


def audience_of(attributes: Mapping[str, Any]) -> Audience:
    """Whom a product with these attributes suits; words that are not known state nothing."""
    ages, genders = (_words(attributes.get(name)) for name in (AGE, GENDER))
    # "gender: Girls" states an age, too; "unisex" is for all, and states no gender.
    old = {_AGES[word] for word in ages or genders if word in _AGES}
    of = {_GENDERS[word] for word in genders if word in _GENDERS}
    return Audience(frozenset(old or {ADULT}), frozenset(of or EVERYBODY))


def _words(stated: Any) -> list[str]:
    return [word.strip() for text in texts(stated) for word in re.split("[,;|/]", text)]
