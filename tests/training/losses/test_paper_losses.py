"""Every loss against cases computed by hand."""

import math

import pytest
import torch

from pocketshelf_training.losses.gallery import street_to_shop
from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.landmarks import landmark_distance
from pocketshelf_training.losses.pairs import balanced_pair_entropy
from pocketshelf_training.losses.presence import weighted_attribute_entropy
from pocketshelf_training.losses.triplets import ranking_triplets
from pocketshelf_training.studies.systems.fashionnet import landmark_pooling


def test_known_cross_entropy_counts_only_what_is_known() -> None:
    logits = torch.tensor([[0.0, 0.0], [5.0, -5.0]], requires_grad=True)
    assert known_cross_entropy(logits, torch.tensor([1, -1])).item() == pytest.approx(math.log(2))
    nothing = known_cross_entropy(logits, torch.tensor([-1, -1]))
    nothing.backward()
    assert nothing.item() == 0
    assert logits.grad is not None and not logits.grad.any()


def test_pair_entropy_gives_both_kinds_the_same_weight() -> None:
    logits = torch.tensor([[0.0, 2.0], [2.0, 2.0]])
    same = torch.tensor([[True, False], [False, False]])
    match, other = math.log(2), math.log(1 + math.exp(2))
    assert balanced_pair_entropy(logits, same).item() == pytest.approx((match + other) / 2)
    only_other = balanced_pair_entropy(logits[1:], same[1:])
    assert only_other.item() == pytest.approx(other)
    assert balanced_pair_entropy(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.bool)).item() == 0


def test_ranking_triplets_by_hand() -> None:
    anchors = torch.tensor([[0.0, 0.0], [9.0, 9.0]])
    others = torch.tensor([[3.0, 4.0], [0.0, 2.0], [0.0, 6.0]])
    # Anchor 0: positive at 5; negatives at 2 and 6. Margin 0.5: 0.5 + 5 - 2, and 0 (0.5 + 5 - 6 < 0).
    loss = ranking_triplets(anchors, torch.tensor([7, -1]), others, torch.tensor([7, 8, 9]), 0.5)
    assert loss.item() == pytest.approx(3.5)


def test_ranking_ignores_the_unknown_and_survives_equal_pictures() -> None:
    anchors = torch.zeros(1, 2, requires_grad=True)
    others = torch.zeros(2, 2, requires_grad=True)
    loss = ranking_triplets(anchors, torch.tensor([1]), others, torch.tensor([1, 2]), 0.3)
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert anchors.grad is not None and anchors.grad.isfinite().all()
    without = ranking_triplets(anchors, torch.tensor([1]), others, torch.tensor([1, -1]), 0.3)
    assert without.item() == 0, "an unknown identity is no negative"


def test_landmark_distance_counts_visible_ones() -> None:
    found = torch.tensor([[[0.5, 0.5], [0.0, 0.0], [0.0, 0.0]]], requires_grad=True)
    truth = torch.tensor([[[0.5, 0.2], [1.0, 1.0], [1.0, 1.0]]])
    loss = landmark_distance(found, truth, torch.tensor([[1, 0, -1]]))
    loss.backward()
    assert loss.item() == pytest.approx(0.09)
    assert found.grad is not None and not found.grad[0, 1:].any()


def test_attribute_entropy_weighs_the_rare_side() -> None:
    logits = torch.zeros(1, 3)
    share = torch.tensor([0.1, 0.1, 0.5])
    loss = weighted_attribute_entropy(logits, torch.tensor([[1, 0, -1]]), share)
    assert loss.item() == pytest.approx((0.9 + 0.1) / 2 * math.log(2))


def test_landmark_pooling_takes_the_window_and_gates_what_is_hidden() -> None:
    features = torch.arange(16.0).reshape(1, 1, 4, 4)
    places = torch.tensor([[[0.3, 0.3], [0.99, 2.0], [0.3, 0.3]]])
    pooled = landmark_pooling(features, places, torch.tensor([[True, True, False]]), window=3)
    # Cell (1, 1) sees up to (2, 2) = 10; beyond the border is the border: cell (3, 3) = 15; hidden is 0.
    assert pooled.tolist() == [[10.0, 15.0, 0.0]]
    alone = landmark_pooling(features, places, torch.tensor([[True, True, True]]), window=1)
    assert alone.tolist() == [[5.0, 15.0, 5.0]]


def test_landmark_pooling_is_landmark_by_landmark_and_steers_no_landmark() -> None:
    features = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])[None].requires_grad_()
    places = torch.full((1, 2, 2), 0.25, requires_grad=True)
    pooled = landmark_pooling(features, places, torch.ones(1, 2, dtype=torch.bool), window=1)
    assert pooled.tolist() == [[0.0, 1.0, 0.0, 1.0]]
    pooled.sum().backward()
    assert places.grad is None
    assert features.grad is not None and features.grad.sum() == 4


def test_street_to_shop_takes_the_nearest_of_a_products_pictures() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.8, 0.6]])
    identities = torch.tensor([5, 5, 9, 5])
    shop = torch.tensor([True, True, True, False])
    loss = street_to_shop(vectors, identities, shop, scale=2.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(2 * (-0.6 - 0.8))))
    none = street_to_shop(vectors, identities, torch.zeros(4, dtype=torch.bool))
    assert none.item() == 0
