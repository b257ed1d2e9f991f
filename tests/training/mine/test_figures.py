"""Pair figures against counting every pair, and the page from the drawn groceries."""

from __future__ import annotations

import csv
import itertools
import json

import numpy as np
import pytest

from pocketshelf_training.__main__ import main
from pocketshelf_training.mine.pairs import pair_figures


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_those_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    labels, truth = rng.integers(-1, 5, 40), rng.integers(0, 4, 40)
    pairs = list(itertools.combinations(range(40), 2))
    said = [labels[a] == labels[b] >= 0 for a, b in pairs]
    true = [truth[a] == truth[b] for a, b in pairs]
    found = pair_figures(labels, truth)
    both = sum(s and t for s, t in zip(said, true, strict=True))
    assert (found.said, found.true, found.both) == (sum(said), sum(true), both)
    assert found.precision == both / sum(said) and found.recall == both / sum(true)


def test_no_cluster_says_nothing_wrong_and_finds_nothing():
    found = pair_figures(np.full(4, -1), np.array(["a", "a", "b", "b"]))
    assert (found.precision, found.recall, found.f1) == (1.0, 0.0, 0.0)
    whole = pair_figures(np.zeros(4, int), np.array(["a", "a", "b", "b"]))
    assert (whole.precision, whole.recall) == (2 / 6, 1.0)


def test_the_page_and_its_figures_are_written(fake_bundle, drawn_data, tmp_path, capsys):
    listed = drawn_data / "grocery" / "photos.csv"
    before = listed.read_text()
    rows = [
        {**row, "split": "test"} for row in csv.DictReader(before.splitlines()) if row["split"] == "train"
    ]
    added = "".join(f"{row['photo']},{row['product_id']},{row['category_id']},test\n" for row in rows)
    listed.write_text(before + added)
    page = tmp_path / "mining.md"
    words = ["--bundle", str(fake_bundle.folder), "--data", str(drawn_data), "--write", str(page)]
    try:
        assert main(["mine", "figures", *words]) == 0
    finally:
        listed.write_text(before)
    figures = json.loads(page.with_suffix(".json").read_text())
    assert figures["test"]["photos"] == 5 and "Split test: 5 photos of 5 products" in page.read_text()
    assert set(figures["val"]["categories"]) == {"Thing"} and capsys.readouterr().out.startswith("# Mining")
