"""Roles of categories whose names say nothing: by what their products look like, where that is sure."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.encoder import Encoder
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.outfit.roles import role_of_category, roles_of_categories
from pocketshelf.stages.outfit import Shelves

GROUPS = ("bag", "footwear", "goods", "hat", "shorts", "trousers")
NAMED = Shelves(dict.fromkeys((*GROUPS, "accessory"), ()))


def looking(category: str, **shares: float) -> Shelves:
    """Knowing a category by one picture, to which the head gives these probabilities; the rest is even."""
    rest = (1 - sum(shares.values())) / (len(GROUPS) - len(shares))
    bias = np.log([shares.get(name, rest) for name in GROUPS]).astype(np.float32)
    head = GroupHead(GROUPS, np.zeros((len(GROUPS), 3), np.float32), bias)
    return NAMED.looking([category], head, lambda name: np.ones((1, 3), np.int8))


def test_what_looks_a_little_like_several_roles_has_none() -> None:
    shelves = looking("Other", hat=0.3, bag=0.25, goods=0.25)
    assert role_of_category("Other", shelves) is None
    assert roles_of_categories({"Other": 5}, shelves) == {}
    assert shelves.fits("hat", "Other")  # A search for a hat's box goes on looking there.


def test_what_surely_looks_like_one_has_it() -> None:
    assert role_of_category("Bas", looking("Bas", footwear=0.6)) == "footwear"


def test_groups_of_one_role_count_together() -> None:
    assert role_of_category("Bas", looking("Bas", trousers=0.3, shorts=0.3)) == "lower"


def test_a_name_that_tells_is_believed_whatever_its_products_look_like() -> None:
    assert role_of_category("Hats", looking("Hats", goods=0.9)) == "hat"


def test_a_shops_other_things_are_in_no_role_and_its_trousers_are(
    real_photos: Path, trained_bundle: Path
) -> None:
    encoder = Encoder.open(trained_bundle, detects=False)
    head = encoder.bundle.group_head
    if head is None:
        pytest.skip("this bundle has no head for groups")
    rows = list(csv.DictReader((real_photos / "shop/pairs.csv").open(newline="")))

    def products(category: str) -> np.ndarray:
        main = [r["image"] for r in rows if r["role"] == "gallery" and r["category"] == category]
        return np.stack([encoder.embed(real_photos / "shop" / name) for name in main[::3][:16]])

    # Under a name of the shop's own, so that looks alone say what it is.
    shelves = encoder.shelves.looking(["Sortiment 4"], head, lambda name: products("trousers"))
    assert role_of_category("Sortiment 4", shelves) == "lower"
    assert role_of_category("other", encoder.shelves.looking(["other"], head, products)) is None
