"""Clusters: whole products found, others kept apart, nothing lost where a category is cut for its size."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from mined_things import blobs
from pocketshelf_training.mine.cluster import Settings, cluster, likely_categories
from pocketshelf_training.mine.neighbours import nearest
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import embedded_of

CENTRES = np.eye(4, 16)


def as_sets(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == n).tolist()) for n in range(labels.max() + 1)}


def test_each_product_is_one_cluster():
    labels, categories = cluster(blobs(CENTRES, 6, 0.03))
    assert as_sets(labels) == {frozenset(range(6 * n, 6 * n + 6)) for n in range(4)}
    assert set(categories) == {0}


def test_a_product_with_two_pictures_is_found_and_one_alone_is_in_none():
    found = blobs(CENTRES, 2, 0.03)
    alone = embedded_of(found.pictures[:7], found.vectors[:7], found.shares[:7], found.categories)
    labels, _ = cluster(alone)
    assert as_sets(labels) == {frozenset({0, 1}), frozenset({2, 3}), frozenset({4, 5})}
    assert labels[6] == -1


def test_pictures_of_different_categories_are_never_together():
    found = blobs(CENTRES[:1], 8, 0.01)
    shares = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)
    # No neighbour has a say: all are as near.
    apart = embedded_of(found.pictures, found.vectors, shares, ["One", "Two"])
    labels, categories = cluster(apart, Settings(voters=0))
    assert categories.tolist() == [0] * 4 + [1] * 4
    assert not set(labels[:4]) & set(labels[4:]) - {-1}


def test_a_category_that_neighbours_contradict_is_mended():
    found = blobs(CENTRES[:2], 6, 0.01)
    shares = np.repeat(np.eye(2, dtype=np.float32), 6, axis=0)
    shares[0] = (0.4, 0.6)
    said = embedded_of(found.pictures, found.vectors, shares, ["One", "Two"])
    assert shares.argmax(1)[0] == 1
    assert likely_categories(said, Settings()).tolist() == [0] * 6 + [1] * 6


def test_a_category_too_large_for_a_matrix_gives_the_same_products():
    centres = np.eye(12, 16)
    found = blobs(centres, 20, 0.02)
    whole, _ = cluster(found)
    cut, _ = cluster(found, Settings(exact_limit=50, links=8))
    assert as_sets(whole) == as_sets(cut) == {frozenset(range(20 * n, 20 * n + 20)) for n in range(12)}


def test_nothing_to_cluster_is_no_error():
    empty = embedded_of([], np.empty((0, 4), np.float32), np.empty((0, 1), np.float32), ["Thing"])
    labels, categories = cluster(empty)
    assert labels.shape == categories.shape == (0,)
    one = embedded_of([Picture.__new__(Picture)], np.ones((1, 4)), np.ones((1, 1)), ["Thing"])
    assert cluster(one)[0].tolist() == [-1]


def test_clusters_do_not_depend_on_the_order_of_the_pictures():
    found = blobs(CENTRES, 5, 0.15, seed=3)
    order = np.random.default_rng(1).permutation(len(found))
    turned = embedded_of(found.pictures, found.vectors[order], found.shares, found.categories)
    one, two = cluster(found)[0], cluster(turned)[0]
    same = [
        (one[order[a]] == one[order[b]]) and one[order[a]] >= 0
        for a, b in itertools.combinations(range(20), 2)
    ]
    again = [(two[a] == two[b]) and two[a] >= 0 for a, b in itertools.combinations(range(20), 2)]
    assert same == again and any(same)


def test_the_scan_and_the_graph_name_the_same_neighbours():
    found = blobs(np.random.default_rng(0).normal(size=(30, 16)), 4, 0.02)
    rows, distances = nearest(found.vectors, 3)
    by_graph, _ = nearest(found.vectors, 3, exact_limit=10)
    own = np.arange(len(found)) // 4
    assert (own[rows] == own[:, None]).all() and (np.diff(distances, axis=1) >= 0).all()
    assert np.mean([set(a) == set(b) for a, b in zip(rows, by_graph, strict=True)]) > 0.95
    assert (rows != np.arange(len(found))[:, None]).all()


def test_two_far_pictures_are_no_product_because_all_others_are_farther():
    """HDBSCAN alone knows no distance: it calls them a cluster."""
    tight = blobs(np.eye(1, 16), 5, 0.02)
    two = np.zeros((2, 16), np.float32)
    two[0, 1], two[1, 1:3] = 1, (0.5, 0.75**0.5)
    vectors = np.concatenate([tight.vectors, two])
    pictures = [Picture(Path(str(n)), str(n)) for n in range(7)]
    labels, _ = cluster(embedded_of(pictures, vectors, np.ones((7, 1), np.float32), ["Thing"]))
    assert labels.tolist() == [0] * 5 + [-1] * 2
