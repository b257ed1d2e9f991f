"""The results page from figures, and those of the embedder alone from a grocery folder that is drawn here."""

import csv
import json

import pytest

from evaluate_shop import COLOURS, KINDS, draw
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.pages import report
from pocketshelf_training.pages.retrieval import exact_figures


@pytest.fixture
def drawn_grocery(tmp_path):
    folder = tmp_path / "data" / "grocery"
    folder.mkdir(parents=True)
    products, photos = [], []
    for number, (colour, kind) in enumerate(zip(COLOURS, KINDS, strict=True)):
        draw(colour, 0).save(folder / f"shop-{number}.png")
        products.append([number, f"Product {number}", kind, f"shop-{number}.png"])
        for split, shift in (("train", 2), ("train", 4), ("test", 3)):
            draw(colour, shift, 230).save(folder / f"{split}-{number}-{shift}.png")
            photos.append([f"{split}-{number}-{shift}.png", number, split])
    for name, head, rows in (
        ("products", ["product_id", "title", "category", "image"], products),
        ("photos", ["photo", "product_id", "split"], photos),
    ):
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([head, *rows])
    return str(folder.parent)


def test_the_embedder_alone_is_asked_both_ways(drawn_grocery, checkpoint, tmp_path):
    found = exact_figures(drawn_grocery, checkpoint, "test", tmp_path / "cache")
    assert list(found) == ["street → shop", "photo → training photos"]
    for figures in found.values():
        assert list(figures) == ["R@1", "R@5", "R@10", "R@20", "mAP"]
        assert figures["R@20"].value == 1.0 and figures["R@1"].photos == 5


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
                "float, whole": figures(0.82, *recalls[:3]),
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
        "street": {"int8": row},
    }


def test_the_page_has_every_search_and_precision():
    lines = report.as_markdown(results()).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in lines if "→" in line and "|" in line]
    assert rows[1:] == [
        ["val (10)", "street → shop", "int8"],
        ["val (10)", "street → shop", "float"],
        ["val (10)", "photo → training photos", "int8"],
        ["val (10)", "photo → training photos", "float"],
    ]
    cells = next(line for line in lines if "photo → training photos | int8" in line).split("|")
    assert len(cells) == 3 + 5 + 2 and cells[-2].strip() == "0.600 (0.500 to 0.700)"
    loss = next(line for line in lines if "int8 − float" in line and "points" in line)
    assert "-2.0 points" in loss


def test_every_table_is_rectangular():
    widths = {}
    for number, line in enumerate(report.as_markdown(results()).splitlines()):
        if line.startswith("|"):
            widths[number] = (line.count("|"), widths.get(number - 1, (line.count("|"),))[0])
    assert all(own == above for own, above in widths.values())


def test_write_puts_the_json_beside(tmp_path):
    report.write(results(), tmp_path / "docs" / "page.md")
    document = json.loads((tmp_path / "docs" / "page.json").read_text())
    assert document["exact"]["val"]["int8"]["street → shop"]["mAP"] == pytest.approx([0.7, 0.6, 0.8, 10])
