"""Mined identities teach what true labels teach where the products lie apart; places are a search's."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf_training.mine.gain import Known, gain_of, learnt, mined_labels, shop_places, whitened

PRODUCTS, SIZE = 6, 24


def photos(each: int, seed: int, noise: float = 0.6) -> Known:
    """Products told apart by 12 numbers, beside as many that only disturb: the shop's pictures the more."""
    rng = np.random.default_rng(seed)
    own = np.repeat(np.eye(PRODUCTS, 12) * 4, each, axis=0)
    other = rng.normal(scale=noise, size=own.shape)
    rows = np.hstack([own + rng.normal(scale=0.1, size=own.shape), other])
    return Known((rows + 1).astype(np.float32), np.repeat([f"p{n}" for n in range(PRODUCTS)], each))


def test_places_are_counted_from_the_nearest():
    shop = Known(np.array([[1.0, 0], [0, 1], [-1, 0]]), np.array(["a", "b", "c"]))
    asked = Known(np.array([[2.0, 0.1], [1, 0.1], [1, 0.1]]), np.array(["a", "b", "c"]))
    assert shop_places(asked, shop).tolist() == [0, 1, 2]


def test_mined_identities_gain_what_true_labels_gain():
    photographed = {"train": photos(12, 0), "val": photos(4, 1), "test": photos(8, 2)}
    known = {**photographed, "shop": photos(1, 3, noise=4.0)}
    labels = mined_labels(known["train"].features, 0.3)
    for number in set(labels) - {-1}:
        assert len(set(known["train"].products[labels == number])) == 1
    figures = gain_of(known)
    assert float(figures["none"][:5]) < 0.97
    assert figures["true"].startswith("1.000") and figures["mined"].startswith("1.000")
    assert figures["recovered"] == 1.0


def test_clusters_too_small_teach_nothing():
    known = photos(4, 0)
    labels = np.where(np.arange(len(known.products)) % 4 < 2, np.repeat(np.arange(PRODUCTS), 4), -1)
    labels[:12] = np.repeat(np.arange(3), 4)
    assert sorted(learnt(known.features, labels, 0.5).classes_) == [0, 1, 2]
    with pytest.raises(ValueError, match=r"."):
        learnt(known.features, np.full(len(labels), -1), 0.5)


def test_whitening_takes_what_disturbs_and_pushes_no_cluster_away():
    """Products in parts of three pictures teach the same: what lies between clusters has no say."""
    train, asked, shop = photos(12, 0), photos(8, 2), photos(1, 3, noise=4.0)
    _, whole = np.unique(train.products, return_inverse=True)
    parts = np.arange(len(whole)) // 3
    found = [
        (shop_places(asked, shop, whitened(train.features, each, 0.1)) == 0).mean() for each in (whole, parts)
    ]
    assert (shop_places(asked, shop) == 0).mean() < 0.97
    assert found == [1.0, 1.0]
    with pytest.raises(ValueError, match="no label has two pictures"):
        whitened(train.features, np.full(len(whole), -1), 0.5)
