"""AUC, FITB and R@10 against other ways to compute them, and on scores whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest
from outfit_tables import related, table
from sklearn.metrics import roc_auc_score

from pocketshelf_training.outfits.figures import CHOICES, auc, figures_of, filled, found, questions
from pocketshelf_training.outfits.pairing import Outfits, largest_of_each_role
from pocketshelf_training.outfits.scoring import by_chance


@pytest.fixture
def outfits() -> Outfits:
    return Outfits(related(30))


def test_auc_is_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(0)
    right, wrong = rng.integers(0, 5, 40), rng.integers(0, 4, 60)
    labels = np.r_[np.ones(40), np.zeros(60)]
    assert auc(right, wrong) == pytest.approx(roc_auc_score(labels, np.r_[right, wrong]))


def test_distractors_are_of_the_same_group_and_of_other_photos(outfits: Outfits) -> None:
    groups, photos = outfits.garments.groups, outfits.photos
    asked = questions(outfits, 3)
    partners = asked.pairs[:, 1]
    assert len(asked.pairs) == 30 * 6 and len(asked.blanks) == 30 * 3
    assert (groups[partners] == groups[asked.strangers]).all()
    assert (photos[partners] != photos[asked.strangers]).all()
    for rest, choices in asked.blanks:
        assert len(set(choices)) == CHOICES and len(set(groups[choices])) == 1
        assert set(photos[rest]) == {photos[choices[0]]} and choices[0] not in rest
        assert (photos[choices[1:]] != photos[choices[0]]).all()


def test_seeds_ask_about_the_same_garments_with_other_distractors(outfits: Outfits) -> None:
    one, two = questions(outfits, 0), questions(outfits, 1)
    np.testing.assert_array_equal(one.pairs, two.pairs)
    assert [c[0] for _, c in one.blanks] == [c[0] for _, c in two.blanks]
    assert (one.strangers != two.strangers).any()


def test_who_knows_everything_has_all_figures_at_one_and_chance_has_what_chance_has(outfits: Outfits) -> None:
    truth = (outfits.photos[:, None] == outfits.photos).astype(float)
    for figure in figures_of([truth], outfits).values():
        assert figure.value == figure.low == figure.high == 1.0 and figure.photos == 30
    chance = figures_of([by_chance(len(outfits), seed) for seed in range(5)], outfits)
    for name, expected in (("AUC", 0.5), ("FITB", 0.25), ("R@10", 10 / 30)):
        assert chance[name].low < expected < chance[name].high
        assert abs(chance[name].value - expected) < 0.08


def test_who_says_the_same_of_all_has_what_chance_has_exactly(outfits: Outfits) -> None:
    figures = figures_of([np.zeros((90, 90))], outfits)
    assert [round(figures[name].value, 6) for name in ("AUC", "FITB", "R@10")] == [0.5, 0.25, 0.333333]


def test_a_blank_is_filled_by_the_mean_over_the_rest() -> None:
    scores = np.zeros((6, 6))
    scores[[0, 1], 2] = (3.0, 0.0)  # mean 1.5
    scores[[0, 1], 3] = (1.0, 1.0)
    blank = (np.array([0, 1]), np.array([2, 3, 4, 5]))
    assert filled(scores, [blank]).tolist() == [1.0]
    scores[1, 3] = 2.5
    assert filled(scores, [blank]).tolist() == [0.0]


def test_the_partner_is_looked_for_among_its_own_group(outfits: Outfits) -> None:
    scores = np.zeros((90, 90))
    scores[0, outfits.garments.groups == "upper"] = 5  # another group does not push it down
    scores[0, np.flatnonzero(outfits.garments.groups == "trousers")[1:11]] = 1
    pairs = np.array([[0, 1]])
    assert found(scores, outfits, pairs).tolist() == [0.0]
    scores[0, 1] = 2
    assert found(scores, outfits, pairs).tolist() == [1.0]


def test_intervals_are_over_photos_and_narrower_with_more_of_them() -> None:
    widths = []
    for photos in (20, 200):
        outfits = Outfits(related(photos, noise=1.0))
        figure = figures_of([outfits.garments.vectors @ outfits.garments.vectors.T], outfits)["FITB"]
        widths.append(figure.high - figure.low)
    assert widths[1] < 0.6 * widths[0]


def test_of_two_garments_of_one_role_the_larger_box_counts_and_accessories_do_not() -> None:
    garments = table(1, np.eye(3))
    garments.groups[:] = ("trousers", "skirt", "accessory")
    garments.boxes[1] = (0, 0, 90, 90)
    assert largest_of_each_role(garments).tolist() == [1]
