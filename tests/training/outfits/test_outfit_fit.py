"""The head learns a rule that likeness does not know; alignment brings two domains together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outfit_tables import related, street

from pocketshelf.outfit import ROLES
from pocketshelf_training.outfits.align import alignment, balanced, distance
from pocketshelf_training.outfits.figures import figures_of
from pocketshelf_training.outfits.fit import Recipe, fit_head, with_shop
from pocketshelf_training.outfits.pairing import Outfits
from pocketshelf_training.outfits.scoring import by_cosine, by_head, by_looks, by_popularity, looks_of

RECIPE = Recipe(size=8, batch=64, epochs=20, dropout=0.0)


@pytest.fixture(scope="module")
def learnt():
    known, asked = street(related(120)), street(related(40, seed=5, first=500))
    return known, asked, fit_head(known.boxes, known.forms, RECIPE)


def test_what_is_worn_together_is_learnt_and_holds_for_others(learnt) -> None:
    _, asked, head = learnt
    vectors = asked.boxes.garments.vectors
    ours = figures_of([by_head(head, asked.boxes, vectors, vectors)], asked.boxes)
    likeness = figures_of([by_cosine(vectors, vectors)], asked.boxes)
    assert ours["AUC"].low > likeness["AUC"].high and ours["FITB"].low > likeness["FITB"].high
    assert ours["AUC"].value > 0.7


def test_a_seed_fits_the_same_head_and_another_seed_another(learnt) -> None:
    known, _, head = learnt
    again, other = (fit_head(known.boxes, known.forms, RECIPE, seed) for seed in (0, 1))
    np.testing.assert_array_equal(head.projections["street"], again.projections["street"])
    assert np.abs(head.projections["street"] - other.projections["street"]).max() > 1e-3


def test_masks_differ_by_pair_of_types_and_are_the_same_both_ways(learnt) -> None:
    known, _, head = learnt
    upper, lower, shoes = (ROLES.index(role) for role in ("upper", "lower", "footwear"))
    assert (head.masks >= 0).all()
    np.testing.assert_allclose(head.masks, head.masks.transpose(1, 0, 2))
    assert np.abs(head.masks[upper, lower] - head.masks[upper, shoes]).max() > 1e-3
    one = fit_head(known.boxes, known.forms, replace(RECIPE, type_aware=False, epochs=1))
    np.testing.assert_array_equal(one.masks[upper, lower], one.masks[upper, shoes])


def test_strangers_have_level_0_and_spread_1_in_each_pair_of_types(learnt) -> None:
    known, _, head = learnt
    outfits = known.boxes
    scores = by_head(head, outfits, outfits.garments.vectors, outfits.garments.vectors)
    strangers = outfits.photos[:, None] != outfits.photos
    for r, s in ((0, 3), (3, 4)):
        found = scores[(outfits.roles[:, None] == r) & (outfits.roles == s) & strangers]
        assert abs(found.mean()) < 0.01 and abs(found.std() - 1) < 0.01


def test_alignment_gives_the_shop_the_streets_mean_and_covariance() -> None:
    rng = np.random.default_rng(0)
    street_rows = rng.normal(size=(2000, 6)) @ rng.normal(size=(6, 6)) + 1
    shop_rows = rng.normal(size=(1500, 6)) @ rng.normal(size=(6, 6)) - 2
    matrix, shift = alignment(shop_rows, street_rows, ridge=1e-6)
    aligned = shop_rows @ matrix + shift
    np.testing.assert_allclose(aligned.mean(0), street_rows.mean(0), atol=1e-6)
    assert distance(aligned, street_rows) < 1e-3 < distance(shop_rows, street_rows)


def test_a_shop_in_other_light_is_seen_as_the_street_is(learnt) -> None:
    known, asked, head = learnt
    rng = np.random.default_rng(3)
    light = np.eye(24) + 0.25 * rng.normal(size=(24, 24))

    def in_light(rows: np.ndarray) -> np.ndarray:
        changed = rows @ light + 0.4
        return changed / np.linalg.norm(changed, axis=1, keepdims=True)

    shop = in_light(related(300, seed=9).vectors)
    aligned = with_shop(head, shop, known.boxes.garments.vectors)
    garments, partners = asked.boxes.garments.vectors, in_light(asked.boxes.garments.vectors)

    def value(domain: str) -> float:
        a, b = aligned.project(garments), aligned.project(partners, domain)
        scores = np.einsum("ik,ijk,jk->ij", a, aligned.masks[asked.boxes.roles][:, asked.boxes.roles], b)
        return figures_of([scores], asked.boxes)["AUC"].value

    assert value("shop") > value("street") + 0.03


def test_each_group_has_the_streets_share() -> None:
    groups = np.array(["upper"] * 90 + ["bag"] * 10 + ["tie"] * 5)
    rows = balanced(groups, np.array(["upper"] * 20 + ["bag"] * 20 + ["hat"] * 20))
    assert dict(zip(*np.unique(groups[rows], return_counts=True), strict=True)) == {"upper": 20, "bag": 20}


def test_looks_find_partners_by_what_others_wore(learnt) -> None:
    known, asked, head = learnt
    looks = looks_of(known.boxes, known.boxes.garments.vectors)
    vectors = asked.boxes.garments.vectors
    figure = figures_of([by_looks(head, looks, asked.boxes, vectors, vectors)], asked.boxes)["AUC"]
    assert len(looks) == 120 and figure.low > 0.55


def test_popularity_counts_labels_worn_together() -> None:
    garments = related(3)
    garments.labels[:] = ("shirt", "jeans", "boots", "shirt", "jeans", "heels", "shirt", "skirt", "heels")
    outfits = Outfits(garments)
    scores = by_popularity(outfits, outfits)
    assert scores[0, 1] == pytest.approx(2 / 3) and scores[0, 2] == pytest.approx(1 / 3)
    assert scores[1, 5] == pytest.approx(1 / 2) and scores[7, 2] == 0
