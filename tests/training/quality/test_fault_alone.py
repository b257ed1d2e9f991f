"""One fault's rule is fitted alone; the others stay as they are, to the last digit."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.quality import FAULTS, NETWORK_SIGNALS
from pocketshelf.quality.layout import LAYOUT_SIGNALS
from pocketshelf.quality.signals import PIXEL_SIGNALS
from pocketshelf_training.quality import train
from pocketshelf_training.quality.fit import FALSE_ADVICE, FALSE_ADVICE_OF, fit_rules, scores, to_json
from pocketshelf_training.quality.tables import SignalTable, Tables

NAMES = (*PIXEL_SIGNALS, *LAYOUT_SIGNALS, *NETWORK_SIGNALS)


def tables(seed: int = 0, count: int = 400) -> Tables:
    """Signals drawn at random, of which each fault moves its own a little."""

    def drawn(seed: int) -> SignalTable:
        rng = np.random.default_rng(seed)
        faults = (rng.random((count, len(FAULTS))) < 0.2).astype(np.int8)
        values = rng.standard_normal((count, len(NAMES))).astype(np.float32)
        values[:, : len(FAULTS)] += 2 * faults
        return SignalTable(NAMES, values, faults)

    return Tables(*(drawn(seed + each) for each in range(4)))


def test_a_rule_fitted_alone_is_the_one_that_all_together_have() -> None:
    drawn = tables()
    together, alone = fit_rules(drawn, network=False), fit_rules(drawn, network=False, codes=["collage"])
    assert list(alone) == ["collage"] and to_json(alone)["collage"] == to_json(together)["collage"]


def test_of_good_photos_fewer_are_surely_a_collage() -> None:
    drawn = tables()
    rows, has = drawn.real_val.known("collage")
    rule = fit_rules(drawn, network=False, codes=["collage"])["collage"]
    surely = (scores(rule, drawn.real_val)[rows][~has] >= rule.sure).sum()
    assert surely <= FALSE_ADVICE_OF["collage"] * (~has).sum() + 1 < FALSE_ADVICE * (~has).sum()


def test_the_other_rules_stay(fake_bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = json.loads(Path(train.rules.__file__).with_name("rules.json").read_text())
    monkeypatch.setattr(train.rules, "__file__", str(tmp_path / "rules.py"))
    (tmp_path / "rules.json").write_text(json.dumps(before))
    monkeypatch.setattr(train, "opened_tables", lambda bundle, args: tables())
    options = {"bundle": str(fake_bundle.folder), "data": None, "cache": None, "seed": 0, "made": 10}
    assert train.run(argparse.Namespace(**options, rules_only=True, fault=["collage"])) == 0
    after = json.loads((tmp_path / "rules.json").read_text())
    assert list(after) == list(before)
    assert [code for code in after if after[code] != before[code]] == ["collage"]
    assert load_bundle(fake_bundle.folder).quality is None, "a bundle without a network has no rules"
    with pytest.raises(UsageError, match="name --rules-only"):
        train.run(argparse.Namespace(**options, rules_only=False, fault=["collage"]))
