"""Several things in one photo: what the frame says of each, and which shelf it is about."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf.formats.group_head import GroupHead
from pocketshelf.stages.outfit import FULL_SHARE, LOOK, PENALTY, WORD, Shelves, frame_share
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


def test_a_jacket_among_tops_loses_half_of_what_a_shirt_there_does() -> None:
    coat = Detection(COAT, "outerwear", 0.9)
    jacket, shirt = (SHELVES.fall(coat, "Women > T-shirts", look) for look in (1.0, 0.0))
    assert jacket == pytest.approx(0.9 * WORD) and shirt == pytest.approx(0.9 * (WORD + LOOK))


def test_a_shirt_among_jackets_loses_something_too() -> None:
    coat = Detection(COAT, "outerwear", 0.9)
    falls = [SHELVES.fall(coat, "Jackets", look) for look in (1.0, 0.4, 0.0)]
    assert falls == pytest.approx([0.0, 0.9 * 0.6 * LOOK, 0.9 * LOOK])


def test_both_witnesses_against_it_keep_a_coat_from_a_shoes_box() -> None:
    """A coat that is nearer by less than both cost, as the detector is sure, does not come first."""
    assert SHELVES.fall(SHOES, "Jackets", 0.01) - SHELVES.fall(SHOES, "Shoes", 0.9) > PENALTY * SHOES.score


def test_where_no_picture_tells_the_category_is_alone() -> None:
    assert SHELVES.fall(SHOES, "Jackets") == pytest.approx(0.9 * PENALTY)
    assert SHELVES.fall(SHOES, "Sneakers") == SHELVES.fall(SHOES, "Gift cards") == 0.0


def test_in_a_box_of_a_group_without_names_nothing_falls() -> None:
    assert SHELVES.fall(Detection(COAT, "bag", 0.9), "Jackets", 0.0) == 0.0


# The first number speaks for footwear, the second for uppers; of outerwear the head says nothing.
HEAD = GroupHead(("footwear", "upper"), 8 * np.eye(2, 3, dtype=np.float32), np.zeros(2, np.float32))
PRODUCTS = {"Bas": [[9, 1, 0], [7, 0, 2]], "Haut": [[0, 9, 1]], "Soldes": [[9, 1, 0], [1, 9, 0]], "Vide": []}


def looking(*categories: str) -> Shelves:
    return SHELVES.looking(categories, HEAD, lambda name: np.array(PRODUCTS[name], np.int8).reshape(-1, 3))


def test_what_no_name_tells_the_products_do() -> None:
    shelves = looking("Bas", "Haut")
    assert [shelves.fits("footwear", name) for name in ("Bas", "Haut")] == [True, False]
    assert [shelves.fits("upper", name) for name in ("Bas", "Haut")] == [False, True]
    assert SHELVES.fits("footwear", "Haut") and shelves.fits("footwear", "of another server")


def test_a_shelf_of_everything_may_be_of_any_group() -> None:
    shelves = looking("Soldes")
    assert shelves.fits("footwear", "Soldes") and shelves.fits("upper", "Soldes")


def test_of_a_group_that_the_head_does_not_know_nothing_is_said() -> None:
    assert looking("Bas").fits("outerwear", "Bas")


def test_a_shelf_of_nothing_may_be_of_any_group() -> None:
    assert looking("Vide").fits("footwear", "Vide")


def test_a_name_that_tells_is_believed_before_the_products() -> None:
    shelves = SHELVES.looking(["Shoes"], HEAD, lambda name: np.array([[0, 9, 0]], np.int8))
    assert shelves.looks == {} and shelves.fits("footwear", "Shoes") and not shelves.fits("upper", "Shoes")


def test_lengths_of_vectors_say_nothing() -> None:
    small, large = np.array([[1, 9, 0]], np.int8), np.array([[13, 117, 0]], np.int8)
    assert HEAD.groups(small) == HEAD.groups(large) == {"upper"}


def test_how_a_picture_looks_is_told_beside_the_likeliest_group() -> None:
    looks = HEAD.looks(np.array([[0, 9, 0], [5, 5, 0]], np.int8))
    assert looks[0] == pytest.approx([np.exp(-8), 1.0], rel=1e-5) and looks[1] == pytest.approx([1.0, 1.0])
