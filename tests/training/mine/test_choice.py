"""Settings are chosen by a stated rule, on photos that are not measured: halves that share no block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf_training.mine import choice, pairs
from pocketshelf_training.mine.choice import Hidden, choice_of, halves
from pocketshelf_training.mine.gain import Known

PRODUCTS, EACH = 8, 16
NAMES = [f"p{n}" for n in range(PRODUCTS)]
CATEGORY_OF = {name: "One" if n < PRODUCTS // 2 else "Two" for n, name in enumerate(NAMES)}


def photographed(noise: float = 0.3) -> Known:
    rng = np.random.default_rng(0)
    rows = np.repeat(np.eye(PRODUCTS, 24) * 2, EACH, axis=0) + rng.normal(
        scale=noise, size=(PRODUCTS * EACH, 24)
    )
    return Known(rows.astype(np.float32), np.repeat(NAMES, EACH))


def test_halves_are_whole_blocks_of_each_product_and_see_each_other_only():
    drawn = list(halves(photographed(), CATEGORY_OF, seeds=2))
    assert len(drawn) == 4
    for one, other in (drawn[:2], drawn[2:]):
        mine, theirs = ({int(p.name) for p in each.embedded.pictures} for each in (one, other))
        assert not mine & theirs and mine | theirs == set(range(PRODUCTS * EACH))
        for product in range(PRODUCTS):
            blocks = {row // 4 for row in mine if row // EACH == product}
            assert len(blocks) == 2 and all({*range(4 * b, 4 * b + 4)} <= mine for b in blocks)
        assert one.categories.tolist() == [CATEGORY_OF[product] for product in one.truth]
        said = [one.embedded.categories[column] for column in one.embedded.shares.argmax(1)]
        assert said == one.categories.tolist()
        assert np.allclose(one.embedded.shares.sum(1), 1, atol=1e-4)


def test_the_rule_takes_the_highest_recall_that_is_pure_enough(monkeypatch):
    grid = {"EXPANSIONS": (2,), "POWERS": (5.0,), "MUTUALS": (2, 3), "REACHES": (0.01, 0.1, 1.5)}
    for name, values in grid.items():
        monkeypatch.setattr(choice, name, values)
    found = blobs(np.eye(PRODUCTS, 24), 5, 0.1)
    truth = np.repeat(NAMES, 5)
    val = Hidden(found, truth, np.array([CATEGORY_OF[name] for name in truth]))
    chosen = choice_of(val, photographed(), CATEGORY_OF, seeds=1)
    first = chosen["best"][0]
    assert chosen["sets"] == 2 and first["bound"] >= choice.WANTED
    assert first["recall"] == max(each["recall"] for each in chosen["best"])
    assert all(each["bound"] <= each["precision"] for each in chosen["best"])
    monkeypatch.setattr(choice, "WANTED", 1.01)
    bounds = [each["bound"] for each in choice_of(val, photographed(), CATEGORY_OF, seeds=1)["best"]]
    assert bounds == sorted(bounds, reverse=True), "what comes nearest, where none is pure enough"


def test_colours_are_tried_where_there_are_palettes_and_taken_where_they_are_surer(monkeypatch):
    grid = {"EXPANSIONS": (2,), "POWERS": (5.0,), "MUTUALS": (2,), "REACHES": (0.05, 0.2)}
    for name, values in {**grid, "COLOURS": (0.3,), "REACHES_OF_COLOURS": (0.05, 0.2)}.items():
        monkeypatch.setattr(choice, name, values)
    inks = {name: f"{'c02020' if n % 2 else '2030c0'}:100" for n, name in enumerate(NAMES)}
    # Two products at every place, which their colours alone tell apart.
    found, truth = blobs(np.eye(PRODUCTS // 2, 24), 10, 0.05), np.repeat(NAMES, 5)
    coloured = replace(found, palettes=tuple(inks[name] for name in truth))
    val = Hidden(coloured, truth, np.array([CATEGORY_OF[name] for name in truth]))
    train = photographed()
    palettes = [inks[name] for name in train.products]
    one = next(halves(train, CATEGORY_OF, palettes))
    assert one.embedded.palettes == tuple(inks[name] for name in one.truth)
    chosen = choice_of(val, train, CATEGORY_OF, palettes, seeds=1)
    assert chosen["best"][0]["colours"] == 0.3 and chosen["best"][0]["val"][0] > 0.9
    assert chosen["alone"]["colours"] == 0 and chosen["alone"]["val"][0] < 0.6
    assert chosen["gained"]["precision"][0] > 0.2 and chosen["gained"]["precision"][1] > 0
    without = choice_of(val, train, CATEGORY_OF, seeds=1)
    assert {each["colours"] for each in without["best"]} == {0} and without["gained"]["recall"] == [0, 0, 0]


def test_pairs_by_category_are_the_pairs_doubled_and_a_mixed_pair_counts_half_in_each():
    labels, truth = np.array([0, 0, 0, 1, 1, -1]), np.array(["a", "a", "b", "b", "c", "c"])
    found = pairs.by_category(labels, truth, np.array(["X", "X", "Y", "Y", "Y", "Y"]), ["X", "Y"])
    whole = pairs.pair_figures(labels, truth)
    assert found.sum(0).tolist() == [2 * whole.said, 2 * whole.true, 2 * whole.both]
    assert found.tolist() == [[4, 2, 2], [4, 4, 0]]


def test_intervals_hold_the_figure_and_are_as_wide_as_categories_differ():
    alike = np.tile([100, 100, 90], (30, 1))
    assert pairs.intervals(alike)["precision"] == (0.9, 0.9)
    unlike = np.concatenate([alike, [[3000, 3000, 300]]])
    low, high = pairs.intervals(unlike)["precision"]
    assert low < 0.4 and high == pytest.approx(0.9)
