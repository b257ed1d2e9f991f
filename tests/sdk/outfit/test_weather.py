"""For which weather the partners of an outfit are: what the catalogue states, and what a photo shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outfit_things import make_outfit_bundle, make_stated, photo_of
from pocketshelf import Retriever
from pocketshelf.formats import Bundle
from pocketshelf.outfit.weather import ANY, weather_in_photo, weather_of

FREEZING, COLD, MILD, WARM, HOT = range(5)
# Name → category, title, season.
SHOP = {
    "red": ("Shorts", "Running shorts", ""),
    "scarlet": ("Jeans", "Straight jeans", ""),
    "green": ("Jeans", "Lined jeans", "Winter"),
    "blue": ("Shoes", "Leather sandals", ""),
    "lime": ("Shoes", "Trainers", ""),
    "purple": ("Coats", "Down parka", ""),
}
LINEN = ("Shirt", "Linen shirt", "Summer")


@pytest.mark.parametrize(
    ("attributes", "category", "title", "weathers"),
    [
        ({}, "Shirts", "Oxford shirt", set(ANY)),
        ({}, "Women > Coats", "Wool coat", {FREEZING, COLD}),
        ({}, "Men > Coats & Jackets", "Peacoat", {FREEZING, COLD, MILD}),
        ({}, "Women's shoes", "Leather Sandals", {WARM, HOT}),
        ({}, "Coats", "Trench coat", {FREEZING, COLD}),
        ({}, "Outdoor", "Trench coat", {COLD, MILD}),
        ({}, "Sets", "Jacket with a scarf", {FREEZING, COLD}),
        ({}, "Sets", "Coat hanger and sandals", set(ANY)),
        ({}, "Default Category/Men/Bottoms/Shorts", "Lando short", {MILD, WARM, HOT}),
        ({"climate": ["Cold", "Cool", "Wintry"]}, "Shorts", "", {FREEZING, COLD}),
        ({"climate": "All-weather|Indoor|Warm"}, "Tees", "", set(ANY)),
        ({"climate": "Indoor|Hot|Warm"}, "Shorts", "", {WARM, HOT}),
        ({"climate": "Indoor"}, "Shorts", "", {MILD, WARM, HOT}),
        ({"climate": "All-weather|Indoor|Spring"}, "Men > Jackets", "", set(ANY)),
        ({"season": "SS25"}, "Coats", "", {MILD, WARM, HOT}),
        ({"season": "Autumn/Winter 2024"}, "Shirts", "", {FREEZING, COLD, MILD}),
        ({"season": "FW23/24"}, "Shirts", "", {FREEZING, COLD}),
        ({"season": "Invierno"}, "Coats", "", {FREEZING, COLD}),
        ({"season": 7}, "Overcoating", "Shortstop's tee", set(ANY)),
    ],
)
def test_what_is_stated_comes_before_what_words_say(
    attributes: dict[str, Any], category: str, title: str, weathers: set[int]
) -> None:
    assert weather_of(attributes, category, title) == weathers


def test_a_photo_shows_one_weather_or_tells_none() -> None:
    jacket, shorts = weather_in_photo(["upper", "outerwear"]), weather_in_photo(["shorts", "upper"])
    assert jacket.isdisjoint(weather_of({}, "Sandals")) and not jacket.isdisjoint(weather_of({}, "Coats"))
    assert shorts.isdisjoint(weather_of({}, "Coats")) and not shorts.isdisjoint(weather_of({}, "Jackets"))
    assert weather_in_photo(["upper", "footwear"]) == weather_in_photo([]) == ANY
    assert weather_in_photo(["outerwear", "shorts"]) == {MILD}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_outfit_bundle(tmp_path / "bundle")


@pytest.fixture
def store(tmp_path: Path, bundle: Bundle) -> Path:
    return make_store(tmp_path, bundle, SHOP)


def make_store(folder: Path, bundle: Bundle, shop: dict[str, tuple[str, str, str]]) -> Path:
    rows = {name: (title, category, season) for name, (category, title, season) in shop.items()}
    return make_stated(folder / "shop", bundle, ",season", rows)


def _ids(found: Any, role: str) -> set[str]:
    return {
        hit.hit.product_id for partners in found.partners if partners.role == role for hit in partners.hits
    }


def test_partners_of_a_product_are_for_its_weather(bundle: Bundle, store: Path) -> None:
    with Retriever.open(store, bundle) as retriever:
        coat = retriever.outfit_for_product("purple")
        assert _ids(coat, "lower") == {"scarlet", "green"} and _ids(coat, "footwear") == {"lime"}
        sandals = retriever.outfit_for_product("blue")
        assert _ids(sandals, "lower") == {"red", "scarlet"}
        trainers = retriever.outfit_for_product("lime")
        assert _ids(trainers, "lower") == {"red", "scarlet", "green"}
        wished = retriever.outfit_for_product("blue", where={"season": ["winter"]})
        assert _ids(wished, "lower") == {"green"}


def test_what_is_worn_over_one_another_may_be_for_different_weather(tmp_path: Path, bundle: Bundle) -> None:
    """A summer shirt under the parka, but no lined jeans below it."""
    store = make_store(tmp_path, bundle, {**SHOP, "lime": LINEN})
    with Retriever.open(store, bundle) as retriever:
        shirt = retriever.outfit_for_product("lime")
        assert _ids(shirt, "outerwear") == {"purple"} and _ids(shirt, "lower") == {"red", "scarlet"}
        assert _ids(retriever.outfit_for_product("purple"), "upper") == {"lime"}


def test_a_store_of_another_weather_alone_answers_with_what_it_has(bundle: Bundle, store: Path) -> None:
    with Retriever.open(store, bundle) as retriever:
        assert _ids(retriever.outfit_for_product("blue"), "outerwear") == {"purple"}


def test_a_photo_of_a_jacket_is_not_answered_with_sandals(
    tmp_path: Path, bundle: Bundle, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = photo_of("green", tmp_path / "photo.png")
    with Retriever.open(store, bundle) as retriever:
        assert _ids(retriever.outfit(photo), "footwear") == {"blue", "lime"}
        shown = "pocketshelf.outfit.outfitter.weather_in_photo"
        monkeypatch.setattr(shown, lambda groups: weather_in_photo([*groups, "outerwear"]))
        assert _ids(retriever.outfit(photo), "footwear") == {"lime"}
        summer = retriever.outfit(photo, where={"season": ["winter"]})
        assert _ids(summer, "lower") == {"green"}
