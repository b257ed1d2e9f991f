"""Broken pictures of a shop cost themselves, wherever in an adaptation they are met."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.errors import CatalogueError
from pocketshelf_training.adapt import knowing, learn
from pocketshelf_training.adapt.assortment import Assortment, Questions
from pocketshelf_training.adapt.measure import only_readable
from pocketshelf_training.adapt.projection import score
from pocketshelf_training.models.embedder import Embedder

PRODUCTS = 12


@pytest.fixture
def shop(tmp_path: Path) -> Assortment:
    """A shop's picture and a customer's photo of each product, the first three held back."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.png" for i in range(2 * PRODUCTS)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(path)
    numbers = np.tile(np.arange(PRODUCTS), 2)
    photo = np.arange(2 * PRODUCTS) >= PRODUCTS
    names = [f"p{i}" for i in range(PRODUCTS)]
    return Assortment(paths, numbers, np.zeros(len(paths), int), photo, numbers < 3, names, ["c"])


def asked_by_photos(shop: Assortment) -> Questions:
    return Questions("photos", shop.photo, ~shop.photo)


def test_a_photo_is_not_asked_whose_product_has_no_picture_left(shop: Assortment, tmp_path: Path) -> None:
    shop.paths[5].write_bytes(b"")
    shop.paths[PRODUCTS + 7].write_bytes(b"no picture")
    network = Embedder(["c"], size=32).eval()
    evidence = learn._looked_at(network, shop, asked_by_photos(shop), "features", tmp_path / "cache")
    wanted = set(range(PRODUCTS)) - {5, 7}
    assert set(evidence.products[evidence.asking]) == wanted
    matrix = network.state_dict()["embedding.weight"].numpy()
    assert len(score(evidence, matrix).places) == len(wanted)


def test_nothing_readable_is_one_clear_error(shop: Assortment, tmp_path: Path) -> None:
    for path in shop.paths:
        path.write_bytes(b"")
    with pytest.raises(CatalogueError, match="24 of 24 cannot be read"):
        learn._looked_at(
            Embedder(["c"], size=32).eval(), shop, asked_by_photos(shop), "features", tmp_path / "cache"
        )


def test_what_is_measured_with_can_be_read(shop: Assortment, caplog: pytest.LogCaptureFixture) -> None:
    shop.paths[0].write_bytes(b"")
    shop.paths[PRODUCTS + 1].write_bytes(b"")
    kept = only_readable(shop, asked_by_photos(shop), np.ones(len(shop), bool))
    left_out = {0, PRODUCTS, PRODUCTS + 1}
    assert set(np.flatnonzero(~kept)) == left_out
    assert caplog.text.count("left out") == 2
    shop.paths[2].write_bytes(b"")
    with pytest.raises(CatalogueError, match="--seed draws others"):
        only_readable(shop, asked_by_photos(shop), np.ones(len(shop), bool))


def test_a_broken_photo_costs_no_calibration(shop: Assortment) -> None:
    """What is lacking asks by pictures that nothing read before, one of them broken."""
    questions = asked_by_photos(shop)
    kept = questions.gallery | shop.held
    for path in shop.paths[PRODUCTS + 3 :]:
        path.write_bytes(b"")
    world = knowing._world(shop, questions, kept, seed=1)
    asked = [sample.image for sample in (*world.asking["own"], *world.asking["lacking"])]
    assert asked and all(path.stat().st_size for path in asked)


def test_a_single_picture_that_is_broken_is_not_asked_for(shop: Assortment) -> None:
    """Re-photographed pictures ask for themselves."""
    shop.paths[1].write_bytes(b"")
    questions = Questions("re-photographed", shop.first, shop.first)
    kept = only_readable(shop, questions, questions.gallery)
    assert not kept[1] and kept.sum() == PRODUCTS - 1
