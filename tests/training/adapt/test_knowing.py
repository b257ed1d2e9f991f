"""Who asks what shelf when an adapted bundle's estimates are calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf.formats import Bundle
from pocketshelf_training.adapt import knowing
from pocketshelf_training.adapt.assortment import Assortment, Questions


def shop_of(products: int, held: int) -> Assortment:
    """Two pictures a product, the first ``held`` of the products held back."""
    numbers = np.tile(np.arange(products), 2)
    return Assortment(
        [Path(f"{i}.png") for i in range(2 * products)],
        numbers,
        np.zeros(2 * products, int),
        np.zeros(2 * products, bool),
        numbers < held,
        [f"p{i}" for i in range(products)],
        ["c"],
    )


def test_half_of_what_was_learnt_from_is_lacking_and_asked_for() -> None:
    shop = shop_of(100, 30)
    world = knowing._world(shop, Questions.of(shop), np.ones(200, bool), seed=1)
    shelf = {sample.identity for sample in world.gallery}
    own, lacking = world.asking["own"], world.asking["lacking"]
    assert {sample.identity for sample in own} == {f"p{i}" for i in range(30)} <= shelf
    assert len(shelf) == len(world.gallery) == 30 + 35
    assert all(sample.identity is None for sample in lacking)
    products = {shop.names[shop.products[shop.paths.index(sample.image)]] for sample in lacking}
    assert len(products) == 35
    assert not products & shelf


def test_pictures_that_were_re_photographed_calibrate_nothing(fake_bundle: Bundle) -> None:
    shop = shop_of(100, 5)
    drawn = Questions("re-photographed", shop.first, shop.first)
    assert knowing.calibrated(fake_bundle, shop, drawn, np.ones(200, bool), 1) is fake_bundle
