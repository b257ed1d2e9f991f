import math

import pytest
import torch

from training.embedder.losses import cosface, to_gallery


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
