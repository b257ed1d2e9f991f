"""The last layer fitted to a catalogue: what it looks past, and when nothing is better."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf_training.adapt.projection import Evidence, Fitter, Recipe, choose, score, without_bias

WIDTH, DIMENSION = 40, 8


def catalogue(products: int = 60, nuisance: float = 3.0, seed: int = 0) -> Evidence:
    """Two pictures a product, alike in half of the directions; in the others they differ, loudly."""
    rng = np.random.default_rng(seed)
    what = rng.normal(size=(products, WIDTH // 2))
    rows = []
    for _ in range(2):
        rows.append(np.concatenate([what, nuisance * rng.normal(size=what.shape)], 1))
    features = np.concatenate(rows).astype(np.float32)
    labels = np.tile(np.arange(products), 2)
    first = np.arange(2 * products) < products
    return Evidence(features, labels, ~first, first, np.zeros_like(features))


def seeing(columns: range) -> np.ndarray:
    """A projection (DIMENSION, WIDTH) to these features."""
    return np.eye(WIDTH, dtype=np.float32)[list(columns)]


def test_what_pictures_of_one_product_differ_by_is_looked_past() -> None:
    known, new = catalogue(seed=1), catalogue(seed=2)
    loud = seeing(range(WIDTH // 2, WIDTH // 2 + DIMENSION))
    before, after = score(new, loud), score(new, Fitter(known, loud)(Recipe(0.1, 0.0)))
    assert before.recall < 0.1
    assert after.recall > 0.4  # Chance: 1 of 60.


def test_the_choice_is_made_on_products_that_the_fit_did_not_see() -> None:
    """Noise alone: a fit can tell the products apart that it saw, and no others."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(80, WIDTH)).astype(np.float32)
    first = np.arange(80) < 40
    noise = Evidence(features, np.tile(np.arange(40), 2), ~first, first, np.zeros_like(features))
    shipped = seeing(range(DIMENSION))
    assert score(noise, Fitter(noise, shipped)(Recipe(0.1, 0.0))).recall > 0.5
    _, best, before = choose(noise, shipped, seed=1)
    assert best.recall < 0.2
    assert before.recall < 0.2


def test_a_projection_that_is_perfect_already_is_kept() -> None:
    known = catalogue(nuisance=1.0)
    recipe, _, before = choose(known, seeing(range(WIDTH // 2)), seed=1)
    assert before.recall == 1.0
    assert recipe is None


def test_a_bias_counts_where_the_shipped_one_is_judged_and_goes_into_the_blend() -> None:
    known = catalogue(nuisance=1.0)
    matrix, bias = seeing(range(10, 30)), np.full(20, 50.0, np.float32)
    assert not np.array_equal(score(known, matrix, bias=bias).places, score(known, matrix).places)
    features = known.features + 2.0
    linear = without_bias(matrix, bias, features)
    assert np.allclose(features.mean(0) @ linear.T, features.mean(0) @ matrix.T + bias, rtol=1e-4)
    assert without_bias(matrix, None, features) is matrix


def test_the_better_one_is_chosen() -> None:
    recipe, best, before = choose(catalogue(), seeing(range(WIDTH // 2, WIDTH)), seed=1)
    assert recipe is not None
    assert best.recall > before.recall + 0.4


@pytest.mark.parametrize("blend", [0.0, 0.5])
def test_outputs_have_the_dimension_also_of_fewer_pictures(blend: float) -> None:
    few = catalogue(products=2)
    matrix = Fitter(few, seeing(range(DIMENSION)))(Recipe(0.5, blend))
    assert matrix.shape == (DIMENSION, WIDTH)
    assert np.isfinite(matrix).all()
    assert np.linalg.norm(few.features @ matrix.T, axis=1).mean() == pytest.approx(1.0, abs=1e-4)


def test_re_photographed_pictures_stand_in_for_views() -> None:
    """One picture a product: what changes when it is re-photographed is looked past all the same."""
    both, new = catalogue(seed=3), catalogue(seed=4)
    half = both.gallery
    single = both.only(half)
    single = Evidence(
        single.features, single.products, half[half], half[half], both.features[~half], drawn=True
    )
    loud = seeing(range(WIDTH // 2, WIDTH // 2 + DIMENSION))
    recipe, best, _ = choose(single, loud, seed=1)
    assert recipe is not None
    assert recipe.changed
    assert best.recall > 0.3
    assert score(new, Fitter(single, loud)(recipe)).recall > 0.3
