"""For which weather a product is, as its catalogue states it: what is worn together is worn in one weather.

Read are the attributes ``climate`` (Magento's, several words) and ``season``; where they say nothing known,
words of the category and the title do ("Coats", "Leather sandals"). They are English, as many feeds are. What
says nothing suits any weather, and so does most of a shop. What is worn over one another may be for different
weather: a jacket for the cold over a T-shirt for the summer (`LAYERS`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pocketshelf.stages.where import texts

__all__ = ["ANY", "LAYERS", "STATED", "Weather", "weather_in_photo", "weather_of"]

STATED = ("climate", "season")
# Roles of what is worn over one another.
LAYERS = ("upper", "outerwear", "dress")
# The weathers that something suits: freezing, cold, mild, warm, hot.
Weather = frozenset[int]
_WORDS = ("freezing", "cold", "mild", "warm", "hot")
ANY: Weather = frozenset(range(len(_WORDS)))


def _by_word(spoken: Mapping[str, str]) -> dict[str, Weather]:
    """Each of the words, some to a line, → the weathers that stand before them."""
    return {
        word: frozenset(map(_WORDS.index, weathers.split()))
        for weathers, words in spoken.items()
        for word in words.split(", ")
    }


_ATTRIBUTES = _by_word(
    {
        "freezing cold": "cold, wintry, snowy, winter, freezing, aw, fw",
        "cold": "cool",
        "cold mild": "windy, rainy, autumn, fall",
        "mild": "mild, spring",
        "mild warm hot": "ss",
        "warm": "warm",
        "hot": "hot",
        "warm hot": "summer, tropical",
        " ".join(_WORDS): "all, all-weather, all-season, all-seasons, year-round",
    }
)
_NAMES = {
    "freezing cold": "coat, coats, parka, parkas, puffer, puffers, mitten, mittens, gloves, beanie, beanies, "
    "scarf, scarves, earmuffs, snowboots, snow boots, winter boots, winter jacket, winter jackets, "
    "down jacket, down jackets",
    "cold mild": "raincoat, raincoats, trench, trenches, trench coat, trench coats, rubber boots",
    "freezing cold mild": "jacket, jackets, outerwear, outwear, anorak, anoraks, fleece, fleeces, cardigan, "
    "cardigans",
    "mild warm hot": "shorts, bermudas",
    "warm hot": "sandal, sandals, espadrilles, flip flop, flip flops, flip-flop, flip-flops, sundress, "
    "sundresses, swimwear, swimsuit, swimsuits, swim, bikini, bikinis, beachwear",
}
_NAMED = _by_word(_NAMES)
# The longest first: a trench coat is no coat for snow.
_NAME = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _NAMED), key=len, reverse=True))})\b")
# What each name ends with: most texts have none of these words, which is found out in less time.
_LAST = frozenset(re.findall(r"\w+", name)[-1] for name in _NAMED)
# What is worn in a photo, of the detector's groups.
_WORN = {"outerwear": _NAMED["outerwear"], "shorts": _NAMED["shorts"]}


def weather_of(attributes: Mapping[str, Any], category: str = "", title: str = "") -> Weather:
    """The weathers that suit a product of which the catalogue says this; `ANY` where it says nothing.

    Of several that are stated, any will do ("climate: Cool, Mild, Windy"); a title that names several things
    means what all of them suit ("Jacket with a scarf"), or says nothing.

    Args:
        category: or a path of categories, of which the last that says something counts.
    """
    said = _stated(text for name in STATED for text in texts(attributes.get(name)))
    if said:
        return said
    return _common(_named_in_category(category)[-1:] or _named(title))


def weather_in_photo(groups: Iterable[str]) -> Weather:
    """The weather in which the detector's ``groups`` are worn together; `ANY` where they do not tell."""
    return _common(_WORN[group] for group in groups if group in _WORN)


@functools.lru_cache(maxsize=1024)
def _named_in_category(category: str) -> list[Weather]:
    """Many products are of one."""
    return _named(category)


def _named(text: str) -> list[Weather]:
    folded = text.casefold()
    if _LAST.isdisjoint(re.findall(r"\w+", folded)):
        return []
    return [_NAMED[name] for name in _NAME.findall(folded)]


def _stated(values: Iterable[str]) -> Weather:
    """All of what is stated; none where no word is known. Years say nothing ("FW23/24")."""
    words = (word.rstrip("0123456789") for text in values for word in re.split(r"[,;|/&\s]+", text))
    return frozenset().union(*(_ATTRIBUTES[word] for word in words if word in _ATTRIBUTES))


def _common(weathers: Iterable[Weather]) -> Weather:
    return ANY.intersection(*weathers) or ANY
