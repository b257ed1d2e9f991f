"""What counts as right and as repeated in an outfit photo."""

from pocketshelf.types import Hit, Region
from pocketshelf_training.pages.outfits import matches, repeats


def region(group: str, product: str, category: str) -> Region:
    return Region((0.0, 0.0, 9.0, 9.0), group, 0.9, hits=(Hit(product, 0.5, "", category),))


SHOES = region("footwear", "1", "Shelf 1")
COAT = region("outerwear", "2", "Shelf 2")
WRONG = region("footwear", "2", "Shelf 2")
BAG = region("bag", "2", "Shelf 2")


def test_only_groups_that_the_shelf_holds_count() -> None:
    found = matches([SHOES, COAT, WRONG, BAG], {"1": "Shoes", "2": "Outwear"})
    assert found == [("footwear", True), ("outerwear", True), ("footwear", False)]


def test_one_product_for_most_boxes_is_a_repeat() -> None:
    assert repeats([COAT, WRONG, BAG]) and repeats([COAT, WRONG, SHOES])
    assert repeats([SHOES, COAT]) is False
    assert repeats([SHOES]) is None
