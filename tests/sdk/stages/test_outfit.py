"""Several things in one photo: what the frame says of each, and which shelf it is about."""

from __future__ import annotations

import pytest

from pocketshelf.stages.outfit import FULL_SHARE, Shelves, frame_share
from pocketshelf.types import Detection

FRAME = (100, 200)
SHOES = Detection((40.0, 180.0, 20.0, 15.0), "footwear", 0.9)
COAT = (20.0, 30.0, 60.0, 100.0)
SHELVES = Shelves(
    {"footwear": ("Shoes", "Sneakers"), "outerwear": ("Outwear", "Jackets"), "upper": ("T-Shirt",)}
)


def test_a_thing_alone_that_fills_the_frame_is_what_the_frame_shows() -> None:
    assert frame_share((0.0, 0.0, 100.0, 200.0), [], FRAME) == 1.0
    assert frame_share(COAT, [], FRAME) == 1.0


def test_a_shoe_below_a_coat_has_nothing_of_the_frame() -> None:
    assert frame_share(SHOES.box, [COAT], FRAME) == 0.0


def test_the_coat_has_most_of_it_beside_small_things() -> None:
    assert frame_share(COAT, [SHOES.box], FRAME) == pytest.approx(1 - 300 / 6000)


def test_a_small_box_alone_has_its_part() -> None:
    small = 0.5 * FULL_SHARE * FRAME[0] * FRAME[1]
    assert frame_share((0.0, 0.0, small, 1.0), [], FRAME) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["Shoes", "shoe", "Women > Sneakers", "Footwear", "Gift cards"])
def test_names_that_may_be_a_shoes_category(name: str) -> None:
    assert SHELVES.fits("footwear", name)


@pytest.mark.parametrize("name", ["Jackets", "men/t-shirts", "Outwear"])
def test_names_that_belong_to_others(name: str) -> None:
    assert not SHELVES.fits("footwear", name)


def test_a_group_without_names_excludes_nothing() -> None:
    assert SHELVES.fits("bag", "Jackets")


def test_a_sure_box_outweighs_the_embedder() -> None:
    weighed = SHELVES.weighed(SHOES, {"Outwear": 0.8, "Shoes": 0.1, "Milk": 0.1})
    assert max(weighed, key=lambda name: weighed[name]) in ("Shoes", "Milk")
    assert sum(weighed.values()) == pytest.approx(1.0)
    assert weighed["Outwear"] == pytest.approx(0.08 / 0.28)
