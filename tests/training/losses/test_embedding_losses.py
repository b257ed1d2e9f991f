import math
from dataclasses import asdict, fields

import pytest
import torch

from pocketshelf_training.losses.distillation import relational, to_teacher
from pocketshelf_training.losses.embedder import (
    GARMENTS,
    LOSSES,
    MARGIN,
    SCALE,
    SMOOTHING,
    Galleries,
    Seen,
    Weights,
)
from pocketshelf_training.losses.gallery import to_gallery
from pocketshelf_training.losses.protocol import weighted
from pocketshelf_training.losses.proxies import cosface
from pocketshelf_training.samplers.pool_batches import Batch


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


def seen(garments: torch.Tensor | None = None) -> Seen:
    """A phone photo, its shop picture, and a garment photo; their vectors are the axes of space."""
    rows = torch.tensor([0, 0, 1])
    batch = Batch(
        torch.zeros(3, 3, 8, 8),
        torch.tensor([1, 1, -1]),
        torch.tensor([0, 0, 1]),
        torch.tensor([False, True, False]),
        rows,
        torch.zeros(3, dtype=torch.long),
        {"grocery-train": slice(0, 1), "shop": slice(1, 2), GARMENTS: slice(2, 3)},
    )
    targets = {name: torch.eye(3)[None, :2] for name in batch.parts}
    galleries = Galleries(torch.eye(3)[:2], garments, targets, targets)
    return Seen(torch.eye(3), torch.zeros(3, 2), batch, galleries, torch.eye(3), torch.tensor([1, 1, 2]), 0.3)


def test_every_weight_has_its_loss() -> None:
    assert {field.name for field in fields(Weights)} - {"garment"} == set(LOSSES)


def test_only_losses_with_a_weight_are_computed() -> None:
    """Without garments' own vectors there is no instance loss to compute."""
    terms = weighted(LOSSES, asdict(Weights(retrieval=2.0, category=0.0)), seen())
    assert set(terms) == {"identity", "retrieval"}
    assert terms["retrieval"].item() == pytest.approx(2 * math.log(1 + math.exp(SCALE)), rel=1e-5)


def test_a_garment_s_proxy_counts_less_than_a_product_s() -> None:
    given = seen()
    each = cosface(given.embeddings, given.proxies, given.labels, SCALE, MARGIN, SMOOTHING)
    expected = (each[0] + each[1] + 0.3 * each[2]) / 3
    assert LOSSES["identity"](given).item() == pytest.approx(expected.item())


def test_queries_are_the_phone_s_photos_alone() -> None:
    """Photo 0 is of product 1: its own picture is at a right angle, another's is where it is."""
    assert LOSSES["retrieval"](seen()).item() == pytest.approx(SCALE, rel=1e-4)


def test_a_garment_photo_is_held_against_its_own_vector() -> None:
    alike = LOSSES["instance"](seen(garments=torch.eye(3)[[0, 2]])).item()
    other = LOSSES["instance"](seen(garments=torch.eye(3)[[2, 0]])).item()
    assert alike == pytest.approx(0, abs=1e-4)
    assert other == pytest.approx(SCALE, rel=1e-4)


def test_targets_are_those_of_each_picture_s_row_and_turn() -> None:
    """Rows 0, 0 and 1 of the targets: the first photo is where the teacher has it, the others are not."""
    assert LOSSES["teacher"](seen()).item() == pytest.approx((0 + 1 + 1) / 3)
