"""Which groups a category's products are of: what the head is fitted on, and what it finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outfit_tables import GROUPS, table

from pocketshelf.formats.group_head import GroupHead
from pocketshelf_training.outfits.groups import MOST, Source, fit_groups, log_loss

# The directions of upper, trousers, footwear and shorts, among chance.
DIRECTIONS = np.eye(4, 12)


def garments(photos: int, seed: int):
    rng = np.random.default_rng(seed)
    vectors = np.tile(DIRECTIONS[:3], (photos, 1)) + 0.2 * rng.normal(size=(3 * photos, 12))
    return table(photos, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def shorts(count: int, seed: int, group: str):
    """Pictures of shorts, called ``group``."""
    rng = np.random.default_rng(seed)
    rows = garments(count, seed).take(np.arange(count))
    vectors = DIRECTIONS[3] + 0.2 * rng.normal(size=(count, 12))
    return replace(rows, groups=np.full(count, group), vectors=vectors.astype(np.float32))


def test_new_products_are_told_by_their_vectors() -> None:
    head = fit_groups([Source("street", garments(60, 0))], 10.0)
    assert head.names == tuple(sorted(GROUPS))
    for place, group in enumerate(GROUPS):
        assert head.groups(garments(20, 1).vectors[place::3]) == {group}


def test_a_shops_picture_is_taken_for_what_it_is_likeliest_to_be() -> None:
    """The shop calls shorts trousers; what is surely known says otherwise."""
    known = Source("clothing", garments(60, 0).joined(shorts(40, 2, "shorts")))
    head = fit_groups([known, Source("shop", shorts(200, 3, "trousers"), sure=False)], 10.0)
    assert head.groups(shorts(20, 4, "shorts").vectors) == {"shorts"}
    believed = fit_groups([known, Source("shop", shorts(200, 3, "trousers"))], 10.0)
    assert "trousers" in believed.groups(shorts(20, 4, "shorts").vectors)


def test_no_group_has_more_than_its_part_of_a_source_and_val_has_none() -> None:
    rows = garments(MOST + 50, 5)
    held = replace(rows, splits=np.where(np.arange(len(rows)) < 90, "val", "train"))
    part = Source("street", held).part("train")
    assert (part.splits == "train").all()
    assert sorted(np.unique(part.groups, return_counts=True)[1].tolist()) == [MOST] * 3
    assert len(Source("street", held).part("val")) == 90


def test_a_head_that_is_right_and_never_sure_has_the_greater_log_loss() -> None:
    rows = garments(20, 6)
    val = Source("street", replace(rows, splits=np.full(len(rows), "val")))
    sure = GroupHead(
        tuple(sorted(GROUPS)), 20 * DIRECTIONS[[2, 1, 0]].astype(np.float32), np.zeros(3, np.float32)
    )
    unsure = GroupHead(sure.names, sure.weights / 100, sure.bias)
    assert log_loss(sure, val) < 0.1 < 0.9 < log_loss(unsure, val)


def test_any_group_that_a_shops_picture_may_be_is_right() -> None:
    """Equal logits of four groups: ln 4 where one is right, ln 2 where two may be."""
    rows = shorts(8, 7, "trousers")
    rows = replace(rows, splits=np.full(len(rows), "val"))
    head = GroupHead(
        ("footwear", "shorts", "trousers", "upper"), np.zeros((4, 12), np.float32), np.zeros(4, np.float32)
    )
    assert log_loss(head, Source("street", rows)) == pytest.approx(np.log(4))
    assert log_loss(head, Source("shop", rows, sure=False)) == pytest.approx(np.log(2))
