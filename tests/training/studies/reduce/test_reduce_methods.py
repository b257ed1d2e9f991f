"""The reductions on features whose structure is known: products in few directions, noise in loud others."""

import numpy as np
import pytest
import torch

from pocketshelf_training.metrics.ranking import found_at
from pocketshelf_training.models import lda, pca
from pocketshelf_training.models.projection import Projection, unit
from pocketshelf_training.studies.reduce import learned
from pocketshelf_training.studies.reduce.learned import KINDS, train_projection

SIDE, PRODUCTS, EACH = 40, 12, 40


@pytest.fixture(scope="module")
def photos() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features (n, 40) to train and test: 12 products differ in 6 quiet directions, the rest is noise."""
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 0.6, (PRODUCTS, 6))

    def draw(each: int) -> tuple[np.ndarray, np.ndarray]:
        products = np.repeat(np.arange(PRODUCTS), each)
        quiet = centres[products] + rng.normal(0, 0.15, (len(products), 6))
        return np.concatenate([quiet, rng.normal(0, 0.7, (len(products), SIDE - 6))], axis=1), products

    return *draw(EACH), *draw(4)


def recall(projection: Projection, photos: tuple) -> float:
    train, products, test, truth = photos
    centres = np.stack([train[products == p].mean(0) for p in range(PRODUCTS)])
    queries, gallery = projection.apply(test), projection.apply(centres)
    return float(found_at(queries, truth, gallery, np.arange(PRODUCTS), 1).mean())


def test_projection_gives_unit_vectors_and_ignores_the_features_length() -> None:
    rng = np.random.default_rng(1)
    projection = Projection(np.full(5, 0.1), rng.normal(size=(5, 3)))
    rows = rng.normal(size=(4, 5))
    assert np.allclose(np.linalg.norm(projection.apply(rows), axis=1), 1)
    assert np.allclose(projection.apply(rows), projection.apply(7 * rows))
    assert np.isfinite(projection.apply(np.zeros((1, 5)))).all()


def test_pca_whitens(photos: tuple) -> None:
    train, products, *_ = photos
    projection = pca.fit(train, products, [8], power=0.5)[8]
    reduced = (unit(train) - projection.mean) @ projection.matrix
    assert np.allclose(np.cov(reduced, rowvar=False), np.eye(8), atol=1e-4)


def test_pca_keeps_the_largest_variance_first_and_leaves_out_what_cannot_be(photos: tuple) -> None:
    train, products, *_ = photos
    found = pca.fit(train, products, [2, 40, 41], power=0.0)
    assert set(found) == {2, 40}
    spread = np.var((unit(train) - found[40].mean) @ found[40].matrix, axis=0)
    assert (np.diff(spread) <= 1e-9).all()
    assert np.allclose(found[2].matrix, found[40].matrix[:, :2])


def test_lda_finds_the_quiet_directions_that_pca_misses(photos: tuple) -> None:
    train, products, *_ = photos
    found = lda.fit(train, products, [6, 11, 12], shrinkage=0.05)
    assert set(found) == {6, 11}, "twelve products have eleven discriminant directions"
    assert lda.limit(products) == 11
    by_lda = recall(found[6], photos)
    by_pca = recall(pca.fit(train, products, [6], power=0.0)[6], photos)
    assert by_lda > by_pca + 0.2
    # Its directions lie in the span of the first six features.
    share = np.linalg.norm(found[6].matrix[:6]) / np.linalg.norm(found[6].matrix)
    assert share > 0.85


@pytest.mark.parametrize(("kind", "epochs"), [("class", 150), ("proxy", 150), ("triplet", 100)])
def test_trained_projections_beat_their_start(photos: tuple, kind: str, epochs: int) -> None:
    train, products, *_ = photos
    start = recall(pca.fit(train, products, [6], power=0.25)[6], photos)
    found = learned.fit(train, products, [6, 200], kind, epochs)
    assert set(found) == {6}, "no more dimensions than features"
    assert recall(found[6], photos) > start + 0.1


def test_training_is_repeatable(photos: tuple) -> None:
    train, products, *_ = photos
    once, again = (learned.fit(train, products, [4], "class", epochs=2, seed=3)[4] for _ in range(2))
    assert np.array_equal(once.matrix, again.matrix)


def test_train_projection_follows_its_loss(photos: tuple) -> None:
    train, products, *_ = photos
    longer = train_projection(train, products, 4, lambda v, y: -v.norm(dim=1).mean(), [], epochs=20)
    shorter = train_projection(train, products, 4, lambda v, y: v.norm(dim=1).mean(), [], epochs=20)
    assert np.linalg.norm(longer.matrix) > 1.2 * np.linalg.norm(shorter.matrix)


def test_triplets_by_hand() -> None:
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], requires_grad=True)
    labels = torch.tensor([0, 0, 1])
    # Squared distances: 0-1: 2.0, 0-2: 0.8, 1-2: 0.4. Triplets (0,1,2): 0.2+2-0.8, (1,0,2): 0.2+2-0.4.
    loss = KINDS["triplet"](2, 2, 0)[0](vectors, labels)
    assert loss.item() == pytest.approx((1.4 + 1.8) / 2)
    loss.backward()
    assert vectors.grad is not None and vectors.grad.abs().sum() > 0


def test_triplets_without_a_violation_is_zero_and_has_a_gradient() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    loss = KINDS["triplet"](2, 2, 0)[0](vectors, torch.tensor([0, 0, 1]))
    loss.backward()
    assert loss.item() == 0.0


def test_learning_refuses_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match="unknown kind 'arc'; there are class, proxy, triplet"):
        learned.fit(np.eye(4), np.arange(4), [2], kind="arc")
