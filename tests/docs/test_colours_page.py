"""docs/colours.md says what its figures say, and the code takes the weight that it names."""

from __future__ import annotations

import json
from pathlib import Path

from pocketshelf.stages.colours import WEIGHT
from pocketshelf_training.colours.command import page

PAGE = Path(__file__).parents[2] / "docs/colours.md"


def test_the_page_is_made_of_its_figures() -> None:
    figures = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))
    assert page(figures) == PAGE.read_text(encoding="utf-8")


def test_the_weight_is_the_one_that_was_chosen_on_val() -> None:
    figures = json.loads(PAGE.with_suffix(".json").read_text(encoding="utf-8"))
    by_weight = {float(weight): share for weight, share in figures["mean_of_val"].items()}
    assert figures["weight"] == WEIGHT
    assert max(by_weight.values()) - by_weight[WEIGHT] < 0.005 and by_weight[WEIGHT] > by_weight[0.0]
