"""What each source brings: a training without each, the same questions to all, and a table of them."""

import argparse
import json
from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.studies import ablation


def options(root: Path, run: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    ablation.add_arguments(parser)
    small = ["--size", "32", "--dimension", "4", "--epochs", "1", "--limit-steps", "1", "--batch", "24"]
    none = ["--weight", "general=0", "--weight", "features=0", "--device", "cpu"]
    fewer = ["--without", "street", "--without", "clothing", "--ask", "grocery", "--split", "val"]
    return parser.parse_args(["--data", str(root), "--run", str(run), *small, *none, *fewer, *more])


def test_each_row_leaves_one_thing_out(data_with_shop: Path, tmp_path: Path) -> None:
    args = options(data_with_shop, tmp_path, "--pairs", str(tmp_path / "worn"), "--specialist", "first.npz")
    rows = ablation.variants(args)
    assert rows["all"] == {}
    assert rows["without shop"] == {"without": ["street", "clothing", "shop"]}
    assert rows["without worn"] == {"without": ["street", "clothing", "pairs worn"]}
    assert rows["without the specialist's view"] == {"specialist": None}
    assert "without street" not in rows and "without ImageNet's view" not in rows  # They are nowhere.
    plain = rows["labels alone: a plain fine-tuning"]["weight"]
    assert {"pairs=0", "general=0"} < set(plain) and "identity=0" not in plain


def test_all_rows_are_asked_the_same_and_fill_a_page(data_with_shop: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    parts = ("sets", "left_out", "ablation")
    page.write_text("\n".join(f"<!-- {name}: {at} -->" for name in parts for at in ("begin", "end")))
    args = options(data_with_shop, tmp_path / "run", f"--fill={page}")
    ablation.run(args)
    found = json.loads(page.with_suffix(".json").read_text())["ablation"]["sets"]["grocery"]
    assert set(found["rows"]) == {ablation.BEFORE, *ablation.variants(args)}
    assert found["rows"]["all"]["more"]["value"] == 0.0 and found["queries"] > 0
    for row in found["rows"].values():
        assert row["more"]["value"] == pytest.approx(
            row["R@1"]["value"] - found["rows"]["all"]["R@1"]["value"]
        )
    kept = tmp_path / "run/without-grocery/average.safetensors"
    assert load_checkpoint(kept).meta["left_out"]  # No grocery was seen.
    assert (
        "| without grocery |" in page.read_text()
        and "+0.000" not in page.read_text().split("| all |")[1][:40]
    )
    before = kept.stat().st_mtime_ns
    ablation.run(args)
    assert kept.stat().st_mtime_ns == before


def test_what_it_cannot_vary_is_refused(data_with_shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--leave-out and --minutes"):
        ablation.run(options(data_with_shop, tmp_path, "--minutes", "1"))
