"""docs/outfits.md is what its figures say, and its commands measure on a small data folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from outfit_tables import related, street

from pocketshelf_training.metrics.intervals import Figure, plain, restored
from pocketshelf_training.outfits import measure
from pocketshelf_training.outfits.fit import Recipe
from pocketshelf_training.outfits.page import page
from pocketshelf_training.outfits.train import FUSION

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_page_is_that_of_the_committed_figures() -> None:
    figures = json.loads((ROOT / "docs/outfits.json").read_text(encoding="utf-8"))
    assert page(restored(figures)) == (ROOT / "docs/outfits.md").read_text(encoding="utf-8")


def test_nothing_of_the_template_is_left_unfilled() -> None:
    text = (ROOT / "docs/outfits.md").read_text(encoding="utf-8")
    assert "{" not in text and "nan" not in text


def test_figures_come_back_as_figures() -> None:
    figures = {"a": Figure(0.5, 0.4, 0.6, 10), "b": {"c": 1, "d": Figure(0.1, 0.0, 0.2, 3)}}
    assert restored(json.loads(json.dumps(plain(figures)))) == figures


@pytest.fixture(scope="module")
def known():
    return street(related(60))


def test_the_way_that_knows_outfits_beats_every_baseline(known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "SEEDS", 2)
    asked = street(related(30, seed=5, first=500))
    fitted = measure.fit(known, FUSION, Recipe(size=8, batch=64, epochs=20, dropout=0.0))
    ways = measure.main_figures(fitted, known, asked, "cut out")
    ours = ways.pop("fused")["AUC"]
    without = ways.pop(measure.WITHOUT_PALETTES)
    assert without == ways["head (a)"]  # Nothing here states colours.
    others = [way for way in ways if way not in ("head (a)", "looks (b)")]
    assert len(others) == 4 and all(ours.low > ways[way]["AUC"].high for way in others)


def test_pictures_of_two_domains_are_told_apart_by_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 8))
    here, there = (
        r / np.linalg.norm(r, axis=1, keepdims=True) for r in (rows, rng.normal(size=(200, 8)) + 9)
    )
    assert measure.same_domain(here, there) > 0.95
    assert abs(measure.same_domain(here[:100], here[100:]) - 0.5) < 0.1
