"""Each rule drops what breaks it, names itself, and leaves the rest."""

from __future__ import annotations

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf_training.mine.rules import Rules, describe, kept_labels

CENTRES = np.eye(3, 16)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (Rules(members=7), "members: 6 < 7"),
        (Rules(most_members=5), "members: 6 > 5"),
        (Rules(mean_distance=1e-6), "mean distance: "),
        (Rules(variance=1e-12), "variance of distance: "),
        (Rules(sources=3), "sources: 2 < 3"),
    ],
)
def test_the_rule_that_dropped_a_cluster_is_named(rules: Rules, said: str):
    found = blobs(CENTRES, 6, 0.05)
    clusters = describe(found, np.repeat(np.arange(3), 6), np.zeros(18, int), rules)
    assert len(clusters) == 3 and all(each.dropped.startswith(said) for each in clusters)
    assert set(kept_labels(18, clusters)) == {-1}


def test_where_no_source_is_known_none_is_asked_for():
    found = blobs(CENTRES, 6, 0.05, sources=0)
    clusters = describe(found, np.repeat(np.arange(3), 6), np.zeros(18, int), Rules(sources=2))
    assert [each.dropped for each in clusters] == ["", "", ""]


def test_the_figures_of_a_cluster_are_those_of_its_pairs():
    found = blobs(CENTRES, 4, 0.2)
    labels = np.array([0] * 4 + [-1] * 4 + [1] * 4)
    clusters = describe(found, labels, np.zeros(12, int), Rules(mean_distance=2, variance=2))
    assert sorted(sorted(each.rows.tolist()) for each in clusters) == [[0, 1, 2, 3], [8, 9, 10, 11]]
    for each in clusters:
        pairs = [
            1 - float(found.vectors[a] @ found.vectors[b]) for a in each.rows for b in each.rows if a < b
        ]
        assert each.mean_distance == pytest.approx(np.mean(pairs), abs=1e-6)
        assert each.variance == pytest.approx(np.var(pairs), abs=1e-6)
        means = found.vectors[each.rows] @ found.vectors[each.rows].mean(0)
        assert (np.diff(means) <= 1e-6).all(), "the most central first"
    kept = kept_labels(12, clusters)
    assert (kept[4:8] == -1).all() and len(set(kept) - {-1}) == 2


def test_one_mixed_cluster_among_good_ones_is_dropped_by_its_variance():
    found = blobs(CENTRES, 6, 0.02)
    labels = np.array([0] * 6 + [1] * 12)
    good, mixed = sorted(describe(found, labels, np.zeros(18, int)), key=lambda each: len(each.rows))
    assert good.dropped == "" and len(mixed.rows) == 12
    assert mixed.dropped.startswith(("mean distance", "variance"))
