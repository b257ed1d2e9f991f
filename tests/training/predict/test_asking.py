"""Who asks what gallery, by the published sets' own protocols."""

from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import DATA_SETS
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.asking import SETS, load_set, searches_of


def picture(
    name: str, domain: str, item: str, split: str = "test", category: str | None = None, **said: str
) -> Sample:
    return Sample(Path(name), split, domain, item, category, attributes=said)


def names(samples: list[Sample]) -> list[str]:
    return [sample.image.name for sample in samples]


def test_a_shop_s_gallery_is_whole_and_a_published_one_of_its_split() -> None:
    pictures = [
        picture("a", "shop", "1", "train"),
        picture("b", "shop", "2"),
        picture("q", "street", "2"),
        picture("p", "street", "1", "train"),
    ]
    (whole,), _ = searches_of("shop", pictures, None)
    assert (names(whole.queries), names(whole.gallery)) == (["q"], ["a", "b"])
    (own,), split = searches_of("deepfashion-consumer", pictures, None)
    assert (names(own.queries), names(own.gallery), split) == (["q"], ["b"], "test")


def test_street2shop_is_searched_within_a_category() -> None:
    pictures = [picture(f"{kind}{n}", "shop", f"{kind}/{n}", category=kind) for kind in "bd" for n in (1, 2)]
    pictures += [picture(f"q{kind}", "street", f"{kind}/1", category=kind) for kind in "bd"]
    pictures.append(picture("lost", "street", "d/9", category="d"))
    bags, dresses = searches_of("street2shop", pictures, "test")[0]
    assert names(bags.gallery) == ["b1", "b2"] and names(dresses.gallery) == ["d1", "d2"]
    assert (bags.without, dresses.without) == (0, 1)


def test_in_shop_has_its_own_queries_and_online_products_ask_one_another() -> None:
    inshop = [picture("q", "shop", "1", partition="query"), picture("g", "shop", "1", partition="gallery")]
    (found,), _ = searches_of("deepfashion-inshop", inshop, None)
    assert (names(found.queries), names(found.gallery), found.itself) == (["q"], ["g"], None)
    products = [picture("a", "shop", "1"), picture("b", "shop", "1"), picture("c", "shop", "2", "train")]
    (found,), _ = searches_of("stanford-online-products", products, None)
    assert (names(found.queries), found.itself) == (["a", "b"], [0, 1])


def test_a_set_that_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--set toys: there are shop, grocery, pairs=DIR"):
        load_set("toys", None)
    with pytest.raises(UsageError, match="needs its folder"):
        load_set("lookbench", None)
    assert set(SETS) <= set(DATA_SETS)
