"""For whom the partners of an outfit are: what the catalogue states, and what is wished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from outfit_things import make_outfit_bundle, make_stated, photo_of
from pocketshelf import Retriever
from pocketshelf.cli import main
from pocketshelf.formats import Bundle
from pocketshelf.formats.product import Product
from pocketshelf.outfit.audience import audience_of
from pocketshelf.store import Store

STATED = {
    "red": ("Jeans", "adult", "male"),
    "scarlet": ("Jeans", "", "Women"),
    "green": ("Jeans", "kids", "unisex"),
    "lime": ("Jeans", "toddler", ""),
    "blue": ("Shoes", "", "unisex"),
    "purple": ("Shoes", "Kids", "male"),
}


def make_store(folder: Path, bundle: Bundle, stated: dict[str, tuple[str, str, str]]) -> Path:
    rows = {name: (f"The {name} one", *of) for name, of in stated.items()}
    return make_stated(folder, bundle, ",age_group,gender", rows)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_outfit_bundle(tmp_path / "bundle")


@pytest.fixture
def store(tmp_path: Path, bundle: Bundle) -> Path:
    return make_store(tmp_path / "shop", bundle, STATED)


def _ids(found: Any, role: str) -> set[str]:
    return {
        hit.hit.product_id for partners in found.partners if partners.role == role for hit in partners.hits
    }


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({}, {}, True),
        ({"age_group": "adult"}, {}, True),
        ({"age_group": "Kids"}, {}, False),
        ({"age_group": "kids"}, {"age_group": "toddler"}, False),
        ({"age_group": ["kids", "adult"]}, {}, True),
        ({"gender": "male"}, {"gender": "female"}, False),
        ({"gender": "Men"}, {"gender": "unisex"}, True),
        ({"gender": "women"}, {"gender": ["female", "male"]}, True),
        ({"gender": "Girls"}, {}, False),
        ({"gender": "girls"}, {"age_group": "kids"}, True),
        ({"gender": "men, women"}, {"gender": "female"}, True),
        ({"gender": "girls"}, {"age_group": "kids", "gender": "male"}, False),
        ({"gender": "damas", "age_group": 7}, {"gender": "male"}, True),
    ],
)
def test_who_can_wear_both(one: dict[str, Any], other: dict[str, Any], shared: bool) -> None:
    assert audience_of(one).shares(audience_of(other)) is shared
    assert audience_of(other).shares(audience_of(one)) is shared


@pytest.mark.parametrize(
    ("attributes", "category", "title", "ages", "genders"),
    [
        ({}, "Girls > Coats", "Parka", {"kids"}, {"female"}),
        ({}, "Default Category/Men/Tops/Jackets", "Lando Gym Jacket", {"adult"}, {"male"}),
        ({}, "Girls' Coats", "Parka", {"kids"}, {"female"}),
        ({}, "Baby", "Romper", {"infant"}, {"male", "female"}),
        ({}, "Coats", "Women\N{RIGHT SINGLE QUOTATION MARK}s Parka", {"adult"}, {"female"}),
        ({}, "Coats", "Kids' hooded coat", {"kids"}, {"male", "female"}),
        ({}, "Coats", "Boys Parka", {"kids"}, {"male"}),
        ({}, "Men and Women", "Parka", {"adult"}, {"male", "female"}),
        ({}, "Tops", "Baby tee", {"adult"}, {"male", "female"}),
        ({}, "Shoes", "Kid leather boots", {"adult"}, {"male", "female"}),
        ({}, "Outdoor", "Mandarin collar shirt of Manchester", {"adult"}, {"male", "female"}),
        ({"gender": "unisex"}, "Women", "Men's Parka", {"adult"}, {"male", "female"}),
        ({"age_group": "adult"}, "Kids", "Boys Parka", {"adult"}, {"male"}),
        ({"gender": "damas"}, "Women", "", {"adult"}, {"female"}),
    ],
)
def test_a_category_or_a_title_says_for_whom_it_is(
    attributes: dict[str, Any], category: str, title: str, ages: set[str], genders: set[str]
) -> None:
    found = audience_of(attributes, category, title)
    assert (found.ages, found.genders) == (ages, genders)


def test_partners_of_a_product_are_for_whom_it_is(bundle: Bundle, store: Path) -> None:
    with Retriever.open(store, bundle) as retriever:
        assert _ids(retriever.outfit_for_product("blue"), "lower") == {"red", "scarlet"}
        assert _ids(retriever.outfit_for_product("purple"), "lower") == {"green"}
        assert _ids(retriever.outfit_for_product("red"), "footwear") == {"blue"}
        wished = retriever.outfit_for_product("blue", where={"gender": ["women"]})
        assert _ids(wished, "lower") == {"scarlet"}


def test_a_photo_is_not_answered_with_what_is_for_children_unless_asked(
    tmp_path: Path, bundle: Bundle, store: Path
) -> None:
    photo = photo_of("green", tmp_path / "photo.png")
    with Retriever.open(store, bundle) as retriever:
        found = retriever.outfit(photo)
        assert _ids(found, "lower") == {"red", "scarlet"} and _ids(found, "footwear") == {"blue"}
        kids = retriever.outfit(photo, where={"age_group": ["KIDS", "toddler"]})
        assert _ids(kids, "lower") == {"green", "lime"} and _ids(kids, "footwear") == {"purple"}


def test_a_shop_for_children_alone_answers_with_what_it_has(tmp_path: Path, bundle: Bundle) -> None:
    stated = {name: (category, "kids", "") for name, (category, _, _) in STATED.items()}
    store = make_store(tmp_path / "children", bundle, stated)
    with Retriever.open(store, bundle) as retriever:
        found = retriever.outfit(photo_of("green", tmp_path / "photo.png"))
    assert _ids(found, "lower") == {"red", "scarlet", "green", "lime"}


def test_the_rest_of_the_store_is_looked_into_where_the_nearest_are_for_others(
    tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf.outfit.outfitter.BY_HEAD", 1)
    lowers = dict.fromkeys(("red", "scarlet", "green", "lime"), ("Jeans", "kids", ""))
    for only in lowers:
        stated = {**lowers, only: ("Jeans", "adult", ""), "blue": ("Shoes", "", "")}
        store = make_store(tmp_path / only, bundle, stated)
        with Retriever.open(store, bundle) as retriever:
            assert _ids(retriever.outfit_for_product("blue"), "lower") == {only}


def test_a_product_is_read_once_and_no_more_of_them_than_are_needed(
    tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf.outfit.outfitter.BY_HEAD", 1)
    asked: list[list[str]] = []
    products = Store.products

    def noted(store: Store, product_ids: Sequence[str]) -> dict[str, Product]:
        asked[-1].extend(product_ids)
        return products(store, product_ids)

    monkeypatch.setattr(Store, "products", noted)
    lowers = dict.fromkeys(("red", "scarlet", "green", "lime"), ("Jeans", "kids", ""))
    for only in lowers:
        stated = {**lowers, only: ("Jeans", "adult", ""), "blue": ("Shoes", "", "")}
        store = make_store(tmp_path / only, bundle, stated)
        asked.append([])
        with Retriever.open(store, bundle) as retriever:
            retriever.outfit_for_product("blue")
    assert sorted(map(len, asked)) == [1, 2, 3, 4]  # As many as lie before it, and itself.
    assert all(len(ids) == len(set(ids)) for ids in asked)


def test_the_command_takes_conditions(
    tmp_path: Path, bundle: Bundle, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = photo_of("green", tmp_path / "photo.png")
    words = ["outfit", str(photo), "--store", str(store), "--bundle", str(bundle.folder), "--with", "lower"]
    assert main([*words, "--where", "gender=female", "--where", "gender=women"]) == 0
    out = capsys.readouterr().out
    assert "scarlet" in out and "red " not in out and "lime" not in out
    with pytest.raises(SystemExit):
        main([*words, "--where", "gender"])
    assert "KEY=VALUE" in capsys.readouterr().err
