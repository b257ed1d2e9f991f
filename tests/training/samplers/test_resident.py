"""Pairs of pictures of the same thing, from several sources."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.resident import Pairs, Resident, read


@pytest.fixture
def known(tmp_path: Path) -> Resident:
    def sample(name: str, domain: str, identity: str | None, category: str | None = None) -> Sample:
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (40, 60), (len(name) * 20, 30, 60)).save(path)
        return Sample(path, "train", domain, identity, category)

    goods = [
        sample("shop-a", "shop", "a", "Milk"),
        sample("photo-a", "street", "a", "Milk"),
        sample("photo-aa", "street", "a"),
        sample("shop-b", "shop", "b"),
    ]
    return read([goods, [sample("alone", "street", None), sample("shop-x", "shop", "a")]], ["Juice", "Milk"])


def test_what_is_read(known: Resident) -> None:
    assert known.images.shape == (6, 256, 256, 3)
    assert known.categories.tolist() == [1, 1, -1, -1, -1, -1]
    assert known.shop.tolist() == [True, False, False, True, False, True]


def test_identities_are_told_apart_by_source(known: Resident) -> None:
    assert known.things[0] == known.things[2] and known.things[0] != known.things[5]


def test_pairs_show_one_thing_and_each_source_its_share(known: Resident) -> None:
    pairs = Pairs(known, [2, 1])
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = pairs.draw(rng)
        assert (known.things[first] == known.things[second]).all()
        assert (known.sources[first] == 0).sum() == 2 and len(first) == 3


def test_a_photo_meets_the_shops_picture_more_often_than_a_photo(known: Resident) -> None:
    pairs, rng = Pairs(known, [2, 1]), np.random.default_rng(1)
    met = [pair for _ in range(200) for pair in pairs.draw(rng).T.tolist() if known.things[pair[0]] == 0]
    with_shop = np.mean([known.shop[pair].any() for pair in met])
    assert 0.55 < with_shop < 0.85
    assert all(pair[0] != pair[1] for pair in met)
