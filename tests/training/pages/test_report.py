"""The results page from figures."""

import json

import pytest

from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.pages import report


def results() -> report.Results:
    def figures(value: float, *names: str) -> dict[str, Figure]:
        return {name: Figure(value, value - 0.1, value + 0.1, 10) for name in names}

    def both(shop: float, photos: float) -> dict[str, dict[str, Figure]]:
        return {
            "street → shop": figures(shop, *recalls),
            "photo → training photos": figures(photos, *recalls),
        }

    recalls = ("R@1", "R@5", "R@10", "R@20", "mAP")
    row = {"photos": 2, "map50": 0.5, "map50_95": 0.25, "groups": {"hat": 0.5, "bag": None}}
    return {
        "run": {"command": "c", "bundle": "models/b", "machine": "m", "commit": "d"},
        "files": {"embedder.tflite": 4_180_000},
        "grocery": {
            "val": {
                "whole": figures(0.80, *recalls[:3], "category top-1"),
                "detection": figures(0.82, *recalls[:3], "category top-1"),
            }
        },
        "exact": {
            "val": {
                "int8": {
                    "street → shop": figures(0.7, *recalls),
                    "photo → training photos": figures(0.6, *recalls),
                },
                "float": {
                    "street → shop": figures(0.5, *recalls),
                    "photo → training photos": figures(0.4, *recalls),
                },
            }
        },
        "clothing": {"val": figures(0.9, "top-1", "top-2")},
        "street": {"int8": row, "float": row | {"map50": 0.52}},
    }


def test_the_page_has_every_search_and_precision():
    lines = report.as_markdown(results()).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in lines if "→" in line and "|" in line]
    assert rows[1:] == [
        ["val (10)", "street → shop", "int8"],
        ["val (10)", "street → shop", "float"],
        ["val", "street → shop", "int8 − float"],
        ["val (10)", "photo → training photos", "int8"],
        ["val (10)", "photo → training photos", "float"],
        ["val", "photo → training photos", "int8 − float"],
    ]
    cells = next(line for line in lines if "photo → training photos | int8" in line).split("|")
    assert len(cells) == 3 + 5 + 2 and cells[-2].strip() == "0.600 (0.500 to 0.700)"
    apart = next(line for line in lines if "street → shop | int8 − float" in line)
    assert apart.count("+20.0 points") == 5, "the same search, the same photos"
    detection = [line for line in lines if "int8 − float" in line][-1]
    assert detection == "| int8 − float | -2.0 points | +0.0 points |  |  |"


def test_every_table_is_rectangular():
    widths = {}
    for number, line in enumerate(report.as_markdown(results()).splitlines()):
        if line.startswith("|"):
            widths[number] = (line.count("|"), widths.get(number - 1, (line.count("|"),))[0])
    assert all(own == above for own, above in widths.values())


def test_the_json_holds_every_figure():
    document = json.loads(report.as_json(results()))
    assert document["exact"]["val"]["int8"]["street → shop"]["mAP"] == pytest.approx([0.7, 0.6, 0.8, 10])


def test_what_no_training_saw_comes_first():
    """The sets that `unseen --fill` left beside the page; without them the page is as it was."""
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    row = dict.fromkeys(("R@1", "R@5", "R@10", "R@20", "mAP"), figure) | {"categories": {}}
    asked = {"split": "test", "search": "street → shop", "queries": 60, "gallery": 473, "without": 0}
    unseen = {"shop": asked | {"rows": {"ImageNet": row}}}
    heads = [
        line for line in report.as_markdown(results() | {"unseen": unseen}).splitlines() if line[:2] == "##"
    ]
    assert heads[0].startswith("## Products that no training saw") and heads[1] == "## Files"
    assert "| ImageNet | 0.500 (0.400 to 0.600) |" in report.as_markdown(results() | {"unseen": unseen})
    assert "no training saw" not in "\n".join(report.as_markdown(results()).split("\n## ")[1:])
