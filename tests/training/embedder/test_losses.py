import math

import pytest
import torch

from pocketshelf_training.embedder.losses import cosface, relational, to_gallery, to_teacher


def test_cosface_by_hand():
    embeddings = torch.tensor([[1.0, 0.0]])
    proxies = torch.tensor([[2.0, 0.0], [0.0, 5.0]])  # length must not matter
    loss = cosface(embeddings, proxies, torch.tensor([0]), scale=10.0, margin=0.1, smoothing=0.0)
    expected = -math.log(math.exp(9.0) / (math.exp(9.0) + 1.0))
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_cosface_margin_makes_it_harder():
    embeddings = torch.nn.functional.normalize(torch.randn(8, 4, generator=torch.Generator().manual_seed(0)))
    labels = torch.arange(8) % 3
    proxies = torch.eye(3, 4)
    plain = cosface(embeddings, proxies, labels, 16.0, 0.0, 0.0)
    hard = cosface(embeddings, proxies, labels, 16.0, 0.2, 0.0)
    assert (hard > plain).all()


def test_to_gallery_pulls_towards_the_own_shop_picture():
    query = torch.tensor([[0.6, 0.8]], requires_grad=True)
    gallery = torch.eye(2)
    to_gallery(query, gallery, torch.tensor([0]), 10.0).sum().backward()
    assert query.grad is not None
    assert query.grad[0, 0] < 0 < query.grad[0, 1]


def vectors(count: int, dimension: int) -> torch.Tensor:
    drawn = torch.randn(count, dimension, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(drawn, dim=1)


def test_the_teachers_own_vectors_cost_nothing():
    targets = vectors(6, 4)
    assert to_teacher(targets, targets) == pytest.approx(torch.zeros(6), abs=1e-6)
    assert to_teacher(-targets, targets) == pytest.approx(torch.full((6,), 2.0), abs=1e-6)


def test_a_turned_space_ranks_alike_and_costs_nothing():
    targets = vectors(8, 5)
    turn, _ = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1)))
    assert relational(targets @ turn, targets, 20.0, 20.0) == pytest.approx(torch.zeros(8), abs=1e-4)


def test_another_ranking_costs_something_and_the_slope_leads_to_the_teachers():
    targets = vectors(8, 5)
    found = vectors(8, 3).requires_grad_()  # another dimension is allowed
    before = relational(found, targets, 20.0, 20.0).mean()
    before.backward()
    assert before > 0.1
    nearer = torch.nn.functional.normalize(found.detach() - 0.02 * found.grad, dim=1)
    assert relational(nearer, targets, 20.0, 20.0).mean() < before
