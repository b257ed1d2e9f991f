"""Whatever a shop calls its categories, a search finds what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawn_things import COLOURS
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages import where
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.pages.routing import MENU, NAMINGS, OF_ANY, measured, named

KNOWN = ["Red things", "Green things"]


def pictures(shop: Path, domain: str) -> list[Sample]:
    return [
        Sample(shop / "pictures" / f"{name}.png", "val", domain, name, category)
        for name, (_, category) in COLOURS.items()
    ]


def test_names_are_those_of_the_shop_numbers_one_or_drawn(shop: Path) -> None:
    gallery = pictures(shop, "shop")
    found = {each: named(each, gallery, [KNOWN] * len(gallery), 0) for each in NAMINGS}
    assert found["their own"] == [category for _, category in COLOURS.values()]
    assert sorted(set(found["numbered"])) == ["Shelf 1", "Shelf 2", "Shelf 3", "Shelf 4"]
    assert set(found["one for all"]) == {"Products"}
    assert set(found[OF_ANY]) == set(KNOWN) and found[OF_ANY] == named(OF_ANY, gallery, [KNOWN] * 6, 0)


def test_wrong_names_cost_who_believes_them_and_nobody_else(
    shop: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "JUDGED", 1)  # So small a shop is searched whole, if ten hits are looked for.
    gallery, asking = pictures(shop, "shop"), pictures(shop, "street")
    rows = measured(Encoder.open(fake_bundle), gallery, asking, 0)
    assert [(row["way"], row["names"]) for row in rows[:2]] == [
        ("whole", "their own"),
        ("by box", "their own"),
    ]
    whole = {row["names"]: row for row in rows if row["way"] == "whole"}
    assert all(row["everything"] == 1.0 and row["photos"] == len(COLOURS) for row in whole.values())
    assert whole["their own"]["likely alone"] == whole["their own"]["as shipped"] == 1.0
    assert whole[OF_ANY]["likely alone"] < whole[OF_ANY]["as shipped"]
    assert MENU not in whole


def test_a_shops_menu_names_its_categories(shop: Path, fake_bundle: Bundle) -> None:
    gallery = pictures(shop, "shop")
    rows = measured(Encoder.open(fake_bundle), gallery, gallery, 0, ["Tops"] * len(gallery))
    (found,) = [row for row in rows if row["names"] == MENU and row["way"] == "whole"]
    assert found["likely alone"] == 1.0
