"""Colours are heard where the embedding is silent, and change nothing where none are stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outfit_tables import related, street, worn_together

from pocketshelf_training.outfits import coloured
from pocketshelf_training.outfits.colours import weighed, with_colours
from pocketshelf_training.outfits.figures import figures_of
from pocketshelf_training.outfits.fit import Recipe, fit_head
from pocketshelf_training.outfits.measure import seen
from pocketshelf_training.outfits.scoring import by_head, by_looks, looks_of
from pocketshelf_training.outfits.street import StreetOutfits

RECIPE = Recipe(size=8, type_aware=False, epochs=20, batch=64, dropout=0.0)


def shown(photos: int, seed: int, first: int = 0) -> StreetOutfits:
    """What is worn together is told by the colours; the embedding is chance."""
    known = related(photos, seed, first=first)
    chance = np.random.default_rng(seed + 50).normal(size=(len(known), 64))
    silent = chance / np.linalg.norm(chance, axis=1, keepdims=True)
    return street(replace(known, palettes=worn_together(photos, seed), vectors=silent.astype(np.float32)))


@pytest.fixture(scope="module")
def learnt():
    known, asked = shown(120, 0), shown(60, 1, first=500)
    own = fit_head(known.boxes, known.forms, replace(RECIPE, type_aware=True, epochs=2))
    return known, asked, own, with_colours(own, known, recipe=RECIPE)


def scores(head, asked: StreetOutfits, shades: bool = True) -> np.ndarray:
    given = (seen(asked, "boxes", "shades"),) if shades else ()
    return by_head(head, asked.boxes, *seen(asked, "boxes"), *given)


def test_which_colours_are_worn_together_is_learnt_and_holds_for_others(learnt) -> None:
    _, asked, own, head = learnt
    assert figures_of([scores(head, asked)], asked.boxes)["AUC"].low > 0.75
    assert figures_of([scores(own, asked)], asked.boxes)["AUC"].value < 0.6


def test_looks_advise_by_colours_too(learnt) -> None:
    known, asked, _, head = learnt
    looks = looks_of(known.boxes, known.boxes.garments.vectors)
    shades = seen(asked, "boxes", "shades")
    advised = by_looks(head, looks, asked.boxes, *seen(asked, "boxes"), shades)
    alone = by_looks(head, looks, asked.boxes, *seen(asked, "boxes"))
    told = figures_of([advised], asked.boxes)["AUC"].value
    assert told > figures_of([alone], asked.boxes)["AUC"].value + 0.1


def test_without_palettes_the_head_says_what_it_says_without_colours(learnt) -> None:
    _, asked, own, head = learnt
    np.testing.assert_allclose(scores(head, asked, shades=False), scores(own, asked), atol=1e-5)
    silent = street(replace(asked.boxes.garments, palettes=np.full(len(asked.boxes), "")))
    np.testing.assert_allclose(scores(head, silent), scores(own, asked), atol=1e-5)


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_strangers_have_level_0_and_spread_1_at_any_weight(learnt, weight: float) -> None:
    known, _, _, head = learnt
    found = scores(weighed(head, known, weight), known)
    outfits = known.boxes
    strangers = outfits.photos[:, None] != outfits.photos
    for r, s in ((0, 3), (3, 4)):
        some = found[(outfits.roles[:, None] == r) & (outfits.roles == s) & strangers]
        assert abs(some.mean()) < 0.01 and abs(some.std() - 1) < 0.01


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_one_vector_is_that_of_the_squared_length(share: float) -> None:
    known = shown(6, 0)
    both = coloured.together(known, share).cut.garments.vectors
    count = known.cut.garments.vectors.shape[1]
    assert np.allclose((both[:, count:] ** 2).sum(1), share, atol=1e-5)
    assert np.allclose(both[:, :count], known.cut.garments.vectors * np.sqrt(1 - share), atol=1e-6)


def test_every_way_is_tried_on_the_part_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coloured, "WEIGHTS", (0.0, 1.0))
    monkeypatch.setattr(coloured, "SHARES", (0.8,))
    monkeypatch.setattr(coloured, "CHOOSING_SEEDS", 1)
    rows = coloured.colour_choice(shown(90, 2), shown(40, 3))
    ways = [(row["way"], row["value"]) for row in rows]
    assert ways == [(coloured.BESIDE, 0.0), (coloured.BESIDE, 1.0), (coloured.TOGETHER, 0.8)]
    assert rows[1]["mean"] > 0.7 > 0.6 > rows[0]["mean"]
    assert rows[1]["mean"] == pytest.approx(np.mean([f["AUC"] for f in rows[1]["forms"].values()]))
