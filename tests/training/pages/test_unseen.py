"""Products that no training saw: known vectors give known figures, tables stand between their marks."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.pages import unseen, unseen_tables
from pocketshelf_training.pages.unseen import measured
from pocketshelf_training.predict.asking import searches_of
from pocketshelf_training.predict.rows import Row, rows_of

# Item → the angle of its gallery picture in degrees.
GALLERY = {"a": 0, "b": 30, "c": 90}


def at(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def samples() -> list[Sample]:
    shown = [Sample(Path(f"g{angle}"), "train", "shop", item, "upper") for item, angle in GALLERY.items()]
    queries = [(5, "a", "test"), (20, "a", "test"), (80, "c", "test"), (40, "a", "val")]
    return shown + [Sample(Path(f"q{d}"), split, "street", item, "upper") for d, item, split in queries]


def vector(sample: Sample) -> np.ndarray:
    return at(float(sample.image.name[1:]))


ROW = Row("angles", vector, vector)


def figures(split: str) -> dict:
    return measured([ROW], *searches_of("pairs", samples(), split))


def test_known_vectors_give_known_figures() -> None:
    found = figures("test")
    assert found["queries"] == 3 and found["gallery"] == 3
    row = found["rows"]["angles"]
    assert row["R@1"].value == pytest.approx(2 / 3) and row["R@5"].value == 1.0
    assert row["mAP"].value == pytest.approx((1 + 0.5 + 1) / 3)
    assert row["categories"] == {"upper": {"queries": 3, "R@1": pytest.approx(2 / 3)}}


def test_the_split_says_which_are_asked() -> None:
    assert figures("val")["rows"]["angles"]["R@1"].value == 0.0
    assert figures("all")["queries"] == 4
    with pytest.raises(UsageError, match="no queries of split train; there are test, val, and all"):
        figures("train")


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(UsageError, match="--row plain: write NAME=MODEL"):
        rows_of(["plain"])
    with pytest.raises(UsageError, match="lite9"):
        rows_of(["x=imagenet:lite9"])


def command(*given: str) -> int:
    parser = argparse.ArgumentParser()
    unseen.add_arguments(parser)
    return unseen.run(parser.parse_args(given))


def test_one_s_own_pairs_are_measured_by_a_checkpoint_and_fill_a_page(
    drawn_shop: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What of other sets stands in the page's JSON stays there."""
    lines = ["role,image,item_id,category"]
    for product in range(3):
        lines += [f"gallery,{product}-0.png,p{product},kind", f"query,{product}-1.png,p{product},kind"]
    (drawn_shop / "pairs.csv").write_text("\n".join(lines))
    page = tmp_path / "page.md"
    marks = [
        f"<!-- {name}: {which} -->" for name in ("sets", "left_out", "ablation") for which in ("begin", "end")
    ]
    page.write_text("Words.\n\n" + "\n".join(marks) + "\n\nMore words.\n")
    kept = {"sets": {"old": {**json.loads(json.dumps(_plain("test"))), "split": "val"}}}
    page.with_suffix(".json").write_text(json.dumps(kept))
    command(f"--pairs={drawn_shop}", f"--row=mine={checkpoint}", f"--fill={page}")
    text, figures = page.read_text(), json.loads(page.with_suffix(".json").read_text())
    assert text.startswith("Words.") and text.endswith("More words.\n")
    assert list(figures["sets"]) == ["old", f"pairs: {drawn_shop.name}"]
    found = figures["sets"][f"pairs: {drawn_shop.name}"]
    assert found["queries"] == 3 and set(found["rows"]) == {
        "mine, whole",
        "mine, by box",
        "mine with colours, whole",
        "mine with colours, by box",
    }
    assert "**old**, split val" in text and "| mine, by box |" in text
    run = found["measured"]
    assert f"{run['machine']}, commit {run['commit']}." in text and "measured" not in figures["sets"]["old"]
    assert "| mine, whole |" in capsys.readouterr().out


def test_rows_that_were_not_measured_again_stay_unless_something_else_was_asked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = [
        f"<!-- {name}: {which} -->" for name in ("sets", "left_out", "ablation") for which in ("begin", "end")
    ]
    page.write_text("\n".join(marks))
    old = json.loads(json.dumps(_plain("test")))
    row = next(iter(old["rows"].values()))
    unseen_tables.fill(
        page, {"sets": {"s": {**old, "rows": {"a": row, "b": row}}}}, {"machine": "M", "commit": "1"}
    )
    better = {**row, "R@1": {**row["R@1"], "value": 0.987}}

    def fill(commit: str, **of) -> dict:
        again = {"s": {**old, "rows": {"b": better}, **of}}
        unseen_tables.fill(page, {"sets": again}, {"machine": "M", "commit": commit}, some_rows=True)
        return json.loads(page.with_suffix(".json").read_text())["sets"]["s"]

    for commit in ("2", "3"):
        found = fill(commit)
        assert list(found["rows"]) == ["a", "b"] and found["rows"]["b"]["R@1"]["value"] == 0.987
        assert list(found["earlier"]) == ["a"] and found["earlier"]["a"]["commit"] == "1"
        assert f" M, commit {commit}; 1 rows before, commit 1." in page.read_text()
    other = fill("4", queries=old["queries"] + 1)
    assert list(other["rows"]) == ["b"] and "earlier" not in other


def _plain(split: str) -> dict:
    from pocketshelf_training.metrics.intervals import plain

    return plain(figures(split))


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Words.")
    with pytest.raises(UsageError, match="no marks <!-- sets: begin -->"):
        unseen_tables.fill(page, {"sets": {}}, {})
    assert page.read_text() == "Words." and not page.with_suffix(".json").exists()
