"""Batches of drawn pools: labels follow the pictures, virtual products included."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.pool_batches import Batch, PoolSampler
from pocketshelf_training.samplers.pools import Pool

RED = np.zeros((32, 32, 3), np.uint8) + np.array([250, 10, 10], np.uint8)
SIZES = {"grocery-train": 6, "shop": 2, "clothing-train": 2}


def pools() -> dict[str, Pool]:
    def pool(count: int, product: bool, domain: str) -> Pool:
        products = np.arange(count) % 2 if product else np.full(count, -1)
        samples = [Sample(Path("x.jpg"), "train", domain)] * count
        return Pool([RED] * count, products, np.arange(count) % 3, samples)

    return {
        "grocery-train": pool(12, True, "street"),
        "shop": pool(2, True, "shop"),
        "clothing-train": pool(4, False, "street"),
    }


def epoch(given: dict[str, Pool], sizes: dict[str, int], seed: int, virtual: float = 0.0) -> list[Batch]:
    sampler = PoolSampler(given, sizes, 32, seed, virtual)
    return list(sampler.batches(0, sampler.steps))


def test_rows_and_parts_say_where_each_picture_came_from() -> None:
    given = pools()
    batches = epoch(given, SIZES, seed=0)
    assert len(batches) == 2
    for batch in batches:
        assert {name: part.stop - part.start for name, part in batch.parts.items()} == SIZES
        for name, part in batch.parts.items():
            assert batch.products[part].tolist() == given[name].products[batch.rows[part]].tolist()
            assert batch.categories[part].tolist() == given[name].categories[batch.rows[part]].tolist()
    seen = [row for batch in batches for row in batch.rows[batch.parts["grocery-train"]].tolist()]
    assert sorted(seen) == list(range(12))  # each once an epoch


def test_virtual_products_have_other_colours_another_number_and_no_category() -> None:
    (first, *_) = epoch(pools(), SIZES, seed=0, virtual=1.0)
    garments = first.parts["clothing-train"]
    assert (first.products[garments] == -1).all()
    assert (first.categories[garments] >= 0).all()
    assert (first.images[garments].mean((2, 3)).argmax(1) == 0).all()  # still red
    photos = first.parts["grocery-train"]
    assert (first.products[photos] >= 2).all()  # two real products
    assert (first.categories[photos] == -1).all()
    turns = first.products[photos] // 2
    brightest = first.images[photos].mean((2, 3)).argmax(1)
    red_goes_to = {1: 0, 2: 1, 3: 2, 4: 1, 5: 2}
    assert brightest.tolist() == [red_goes_to[int(turn)] for turn in turns]


def test_things_are_more_products_and_keep_their_colours() -> None:
    given = pools()
    things = Pool([RED] * 5, 12 + np.arange(5), np.full(5, -1), given["shop"].samples[:1] * 5)
    given |= {"things": things, "pasted": things}
    sizes = SIZES | {"things": 4, "pasted": 4}
    batches = epoch(given, sizes, seed=0, virtual=1.0)
    for batch in batches:
        things_shown, pasted = batch.parts["things"], batch.parts["pasted"]
        assert batch.products[things_shown].tolist() == (12 + batch.rows[things_shown]).tolist()
        assert batch.turns[things_shown].tolist() == batch.turns[pasted].tolist() == [0] * 4
        assert batch.shop[things_shown].all()  # as a shop shows them
        assert not batch.shop[pasted].any()  # queries
        assert batch.products[batch.parts["grocery-train"]].max() < 12  # two products, six turns


def test_the_same_seed_gives_the_same_batches() -> None:
    one, other = (epoch(pools(), SIZES, seed=5, virtual=0.5) for _ in range(2))
    assert all((a.images == b.images).all() for a, b in zip(one, other, strict=True))
    assert [a.products.tolist() for a in one] == [b.products.tolist() for b in other]
