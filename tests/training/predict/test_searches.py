from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.searches import choose, choose_split, left_out_searches


def sample(name: str, split: str, domain: str, identity: str | None, **attributes: str) -> Sample:
    return Sample(Path(name), split, domain, identity, attributes=attributes)


SHOP = [sample(f"shop-{i}", "train", "shop", i) for i in "abc"]
TRAIN = [sample(f"train-{i}", "train", "street", i) for i in "abb"]
TEST = [sample(f"test-{i}", "test", "street", i) for i in ("a", "b", "c", "d", None)]
GROCERY = [*SHOP, *TRAIN, *TEST]


def names(samples) -> list[str]:
    return [sample.image.name for sample in samples]


def test_both_protocols_where_both_are_possible():
    shop, photos = choose(GROCERY, TEST)
    assert (shop.name, photos.name) == ("street → shop", "photo → training photos")
    assert names(shop.queries) == ["test-a", "test-b", "test-c"] and shop.without == 1
    assert names(shop.gallery) == ["shop-a", "shop-b", "shop-c"]
    assert names(photos.queries) == ["test-a", "test-b"] and photos.without == 2
    assert names(photos.gallery) == names(TRAIN)


def test_products_apart_ask_the_split_s_other_photos():
    own = [sample(f"{i}{n}", "test", "shop", i) for i, n in (("x", 0), ("x", 1), ("y", 0))]
    (search,) = choose([sample("t", "train", "shop", "a"), *own], own)
    assert search.name == "photo → other photos"
    assert names(search.queries) == ["x0", "x1"] and search.itself == [0, 1] and search.without == 1


def test_in_shop_says_who_asks():
    own = [sample(f"{i}-{p}", "test", "shop", i, partition=p) for i in "xy" for p in ("query", "gallery")]
    (search,) = choose(own, own)
    assert search.name == "query → gallery"
    assert names(search.queries) == ["x-query", "y-query"]
    assert names(search.gallery) == ["x-gallery", "y-gallery"] and search.itself is None


def test_a_gallery_may_be_a_csv(tmp_path):
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "more.csv").write_text("image,product_id,title\nb.png,b,Bread\n")
    (search,) = choose(GROCERY, TEST, [str(tmp_path / "more.csv")])
    assert (names(search.queries), names(search.gallery)) == (["test-b"], ["b.png"])
    assert search.name == "street → more.csv"


def test_a_gallery_without_the_products_is_refused():
    with pytest.raises(UsageError, match="gallery 'shop' has no picture"):
        choose(TEST, TEST, ["shop"])
    with pytest.raises(UsageError, match="there are shop, train, or a CSV"):
        choose(GROCERY, TEST, ["shelf"])


def test_left_out_products_ask_all_and_their_own():
    everything, own = left_out_searches(GROCERY, TEST, {"b", "c"})
    assert names(everything.queries) == names(own.queries) == ["test-b", "test-c"]
    assert names(everything.gallery) == ["shop-a", "shop-b", "shop-c"]
    assert names(own.gallery) == ["shop-b", "shop-c"]
    with pytest.raises(UsageError, match="no street photo of any of the 1 products"):
        left_out_searches(GROCERY, TEST, {"z"})


def test_splits():
    assert choose_split(GROCERY, None)[1] == "test"
    assert len(choose_split(GROCERY, "train,test")[0]) == len(GROCERY)
    with pytest.raises(UsageError, match="no split 'val' in this data set; there are test, train"):
        choose_split(GROCERY, "val")
    with pytest.raises(UsageError, match="has no pictures"):
        choose_split([], None)
