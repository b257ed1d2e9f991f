"""docs/closely.md: each figure once, where it belongs, and what was synthetic said so."""

import argparse
import json
from pathlib import Path

import pytest

from pocketshelf_training.closely import command
from pocketshelf_training.closely.command import page

ROOT = Path(__file__).resolve().parents[3]


def figures() -> dict:
    row = {
        "set": "covers (synthetic)",
        "products": 3,
        "way": "whole",
        "queries": 2,
        "without R@1": 0.25,
        "with R@1": 0.875,
        "without R@5": 0.5,
        "with R@5": 1.0,
        "without ms": 1.0,
        "with ms": 31.5,
        "confirmed": 0.0,
    }
    size = {"products": 1000, "ms": 40.2, "of it features": 8.0, "first": 0.975, "kB a print": 6.1}
    said = {"bundle": "b", "machine": "m", "commit": "c", "seed": 0, "few": None}
    return {**said, "rows": [row], "sizes": [size]}


def test_a_row_a_set_and_way() -> None:
    text = page(figures())
    assert "| covers (synthetic) | whole | 2 | 3 | 0.250 | 0.875 | 0.500 | 1.000 | 0.000 | – | 30.5 |" in text
    assert "| 1,000 | 40 | 8 | 0.975 | 6.1 |" in text and "At most" not in text


def test_the_committed_page_is_that_of_its_figures() -> None:
    path = ROOT / "docs" / "closely.json"
    if not path.exists():
        pytest.skip("not measured yet")
    assert page(json.loads(path.read_text("utf-8"))) == path.with_suffix(".md").read_text("utf-8")


def test_a_real_set_is_asked_beside_covers_and_not_called_synthetic(tmp_path: Path) -> None:
    for folder in ("Reference", "Droid"):
        (tmp_path / "dvd_covers" / folder).mkdir(parents=True)
        (tmp_path / "dvd_covers" / folder / "001.jpg").write_bytes(b"")
    args = argparse.Namespace(
        covers=[],
        set=[f"stanford-mobile-visual-search={tmp_path / 'dvd_covers'}"],
        only_covers=True,
        data=None,
    )
    ((name, gallery, queries),) = command._sets(args)
    assert name == "stanford-mobile-visual-search: dvd_covers"
    assert [s.image.parent.name for s in gallery] == ["Reference"]
    assert [s.image.parent.name for s in queries] == ["Droid"]
