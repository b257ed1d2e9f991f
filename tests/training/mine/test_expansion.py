"""Expansion draws pictures of one product together; vectors of several bundles stand side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf_training.mine.cluster import Settings, cluster
from pocketshelf_training.mine.expansion import expanded
from pocketshelf_training.mine.pairs import pair_figures
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import embedded_of, side_by_side


def test_it_is_the_mean_with_the_nearest_by_powers_of_cosines():
    vectors = np.array([[1.0, 0], [0.8, 0.6], [0, 1]], np.float32)
    pictures = [Picture(Path(name), name) for name in "abc"]
    found = expanded(embedded_of(pictures, vectors, np.eye(3, dtype=np.float32), "xyz"), 1, 2.0)
    drawn = vectors[0] + 0.8**2 * vectors[1]
    # The stored numbers of a scan are whole ones of 8 bits.
    np.testing.assert_allclose(found.vectors[0], drawn / np.linalg.norm(drawn), atol=0.01)
    np.testing.assert_allclose(found.shares[0], np.array([1, 0.64, 0]) / 1.64, atol=0.01)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)


def test_no_neighbours_change_nothing():
    few = blobs(np.eye(2, 4), 2, 0.1)
    assert expanded(few, 0, 2.0) is few
    one = embedded_of(few.pictures[:1], few.vectors[:1], few.shares[:1], few.categories)
    assert expanded(one, 3, 2.0) is one


@pytest.mark.parametrize("seed", range(3))
def test_pictures_of_one_product_move_together_and_strangers_stay_apart(seed):
    scattered, truth = blobs(np.eye(6, 30), 12, 0.17, seed), np.repeat(np.arange(6), 12)
    drawn = expanded(scattered, Settings.expansion, Settings.power)
    same = (truth[:, None] == truth) & ~np.eye(len(truth), dtype=bool)
    before, after = (1.0 - each.vectors @ each.vectors.T for each in (scattered, drawn))
    assert after[same].mean() < 0.75 * before[same].mean()
    others = truth[:, None] != truth
    assert after[others].mean() > 0.9 * before[others].mean()
    labels, _ = cluster(drawn)
    assert pair_figures(labels, truth).precision > 0.95


def test_side_by_side_a_cosine_is_the_mean_and_shares_follow_names():
    rng = np.random.default_rng(0)
    pictures = [Picture(Path(name), name) for name in "abcd"]
    one = embedded_of(pictures, rng.normal(size=(4, 5)), np.eye(4, 2, dtype=np.float32), ["Milk", "Pear"])
    shares = np.array([[0.5, 0.5], [1, 0], [0, 1]], np.float32)
    other = embedded_of([pictures[n] for n in (2, 0, 3)], rng.normal(size=(3, 7)), shares, ["Pear", "Plum"])
    both = side_by_side([one, other])
    assert [each.name for each in both.pictures] == ["a", "c", "d"] and both.categories == ("Milk", "Pear")
    own, theirs = one.vectors[[0, 2, 3]], other.vectors[[1, 0, 2]]
    np.testing.assert_allclose(
        both.vectors @ both.vectors.T, (own @ own.T + theirs @ theirs.T) / 2, atol=1e-6
    )
    np.testing.assert_allclose(both.shares, [[0.5, 0.5], [0, 0.25], [0, 0]], atol=1e-6)
    assert side_by_side([one]) is one
