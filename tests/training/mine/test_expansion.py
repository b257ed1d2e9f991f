"""Expansion draws pictures of one product together; vectors of several bundles stand side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf.stages.colours import histograms
from pocketshelf_training.mine.cluster import ALONE, Settings, cluster
from pocketshelf_training.mine.expansion import expanded, prepared, settings_of
from pocketshelf_training.mine.pairs import pair_figures
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import embedded_of, side_by_side

RED, GREEN, BLUE = "c02020:100", "20a030:100", "2030c0:60 c02020:40"


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
    drawn = expanded(scattered, 3, 5.0)
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


def test_side_by_side_palettes_are_those_of_the_first():
    pictures, rows = [Picture(Path(name), name) for name in "ab"], np.eye(2)
    one = embedded_of(pictures, rows, np.ones((2, 1), np.float32), ["Milk"], [RED, GREEN])
    other = embedded_of(pictures[::-1], rows, np.ones((2, 1), np.float32), ["Milk"], [BLUE, BLUE])
    assert side_by_side([one, other]).palettes == (RED, GREEN)
    apart = embedded_of(pictures[1:], rows[1:], np.ones((1, 1), np.float32), ["Milk"])
    assert side_by_side([one, apart]).palettes == (GREEN,) and side_by_side([apart, one]).palettes == ()


def test_with_colours_a_cosine_is_the_weighted_mean_of_vectors_and_palettes():
    rng = np.random.default_rng(0)
    pictures = [Picture(Path(name), name) for name in "abc"]
    one = embedded_of(pictures, rng.normal(size=(3, 5)), np.ones((3, 1)), ["Milk"], [RED, GREEN, BLUE])
    colours = histograms(one.palettes)
    found = prepared(one, Settings(expansion=0, colours=0.5)).vectors
    alike = (one.vectors @ one.vectors.T + 0.5 * colours @ colours.T) / 1.5
    np.testing.assert_allclose(found @ found.T, alike, atol=1e-6)
    assert not np.allclose(alike, one.vectors @ one.vectors.T, atol=0.05)
    assert prepared(one, Settings(expansion=0, colours=0.0)) is one
    unseen = embedded_of(pictures, one.vectors, one.shares, one.categories)
    assert prepared(unseen, Settings(expansion=0, colours=0.5)) is unseen


def test_what_differs_in_colour_alone_is_told_apart_by_its_colours():
    found = blobs(np.eye(1, 16), 8, 0.02)
    two = embedded_of(found.pictures, found.vectors, found.shares, found.categories, [RED] * 4 + [GREEN] * 4)
    apart, _ = cluster(prepared(two, Settings()), Settings())
    assert len({*apart[:4]}) == len({*apart[4:]}) == 1 and apart[0] != apart[4] and apart.min() >= 0
    together, _ = cluster(prepared(two, ALONE), ALONE)
    assert together.tolist() == [0] * 8


def test_a_command_line_has_the_reach_of_its_way():
    assert settings_of(Settings.colours) == Settings() and settings_of(0.0) == ALONE
    assert settings_of(0.0, 0.3).reach == settings_of(0.2, 0.3).reach == 0.3
    assert settings_of(0.2).colours == 0.2 and Settings().within > ALONE.within == ALONE.near
