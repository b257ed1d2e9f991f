"""The table of systems from the runs' result files."""

import argparse
import json
from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.studies.systems import table


def result(system: str, steps: int, value: float) -> dict:
    settings = {
        "system": system, "data_set": ["grocery", "csv=/home/me/x.csv"], "attributes": "", "steps": steps,
        "size": 160, "seed": 1, "lr": 4e-4, "products": 14, "photos": 2, "others": 14,
    }  # fmt: skip
    figure = {"value": value, "low": value - 0.1, "high": value + 0.1, "photos": 5}
    figures = {"val": {"grocery: R@1": figure}, "test": {"grocery: R@1": figure}}
    return {"system": system, "source": "a paper", "settings": settings, "parameters": 1, "figures": figures}


def write(runs: Path, content: dict) -> None:
    folder = runs / f"{content['system']}-{content['settings']['steps']}"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(content))


def test_only_equal_budgets_stand_in_one_table(tmp_path: Path) -> None:
    for content in (result("darn", 100, 0.5), result("wtbi", 100, 0.4), result("darn", 200, 0.6)):
        write(tmp_path, content)
    page = table.as_markdown(table.read_results(tmp_path))
    assert page.count("## grocery, csv,") == 2
    first = page.split("200 steps at")[0]
    assert "| darn | a paper | 0.500 (0.400 to 0.600) |" in first
    assert "| wtbi | a paper | 0.400 (0.300 to 0.500) |" in first
    assert (
        "`pocketshelf-train train system --system wtbi --data-set grocery --data-set csv=… --steps 100"
        in page
    )


def test_drawn_data_is_named_synthetic_and_its_command_is_not_changed(tmp_path: Path) -> None:
    drawn = result("darn", 100, 0.5)
    drawn["settings"]["data_set"] = ["studio=/home/me/studio"]
    write(tmp_path, drawn)
    page = table.as_markdown(table.read_results(tmp_path))
    assert "## studio (synthetic), 100 steps" in page
    assert "--data-set studio=… --steps" in page


def test_the_page_names_nobodys_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "runs", result("darn", 100, 0.5))
    page = tmp_path / "docs/systems.md"
    assert table.run(argparse.Namespace(runs=tmp_path / "runs", also=None, write=page)) == 0
    assert (
        "/home/me" not in page.read_text() + page.with_suffix(".json").read_text() + capsys.readouterr().out
    )


def test_rows_of_an_earlier_page_stay_but_those_that_were_run_anew(tmp_path: Path) -> None:
    page = tmp_path / "systems.md"
    for runs, contents in (
        ("before", [result("darn", 100, 0.5), result("wtbi", 100, 0.4)]),
        ("now", [result("darn", 100, 0.7), result("fashionnet", 100, 0.6)]),
    ):
        for content in contents:
            write(tmp_path / runs, content)
        also = page.with_suffix(".json") if runs == "now" else None
        assert table.run(argparse.Namespace(runs=tmp_path / runs, also=also, write=page)) == 0
    text = page.read_text()
    assert text.count("## grocery, csv,") == 1
    for system, value in (("darn", "0.700"), ("wtbi", "0.400"), ("fashionnet", "0.600")):
        assert f"| {system} | a paper | {value} (" in text
    assert "0.500 (" not in text
    with pytest.raises(UsageError, match="no page's JSON"):
        table.read_earlier(tmp_path / "none.json", [])


def test_no_or_damaged_results_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no results; make one with"):
        table.read_results(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "x/result.json").write_text("{")
    with pytest.raises(UsageError, match=r"x/result\.json: damaged"):
        table.read_results(tmp_path)
