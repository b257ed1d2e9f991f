"""docs/reading.md: what reading brought, from searches whose outcome is known; the page of its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocketshelf.reading import Line
from pocketshelf.types import Hit
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.reading.command import page
from pocketshelf_training.reading.kept import Page
from pocketshelf_training.reading.measure import WAYS, Searched, figures

ROOT = Path(__file__).resolve().parents[3]
A, B = Hit("a", 0.6, "Bravo Juice", "Juice"), Hit("b", 0.58, "Valio Juice", "Juice")


class Printed:
    """A reader whose pictures say what their names say."""

    def __init__(self) -> None:
        self.read_ones: list[str] = []

    def read(self, picture: Path) -> Page:
        self.read_ones.append(picture.stem)
        return Page([Line(picture.stem, 0.9, 0.5, 0.5)], 300.0)


def searched(name: str, right: str, sure: bool = False, looked: tuple[Hit, ...] = (A, B)) -> Searched:
    photo = Sample(Path(f"{name}.jpg"), "val", "street", right, "Juice")
    return Searched(photo, (A, B), looked, (0.0, 0.0, 8.0, 8.0), (8, 8), sure, 20.0)


def test_what_reading_puts_right_and_wrong_is_counted() -> None:
    pytest.importorskip("rapidfuzz")
    reader = Printed()
    photos = [
        searched("valio", "b"),
        searched("graddfil", "b"),
        searched("valio", "a"),
        searched("valio", "b", sure=True),
        searched("valio", "a", looked=(Hit("a", 0.6, "Bravo Juice", "Juice", inliers=30), B)),
    ]
    found = figures(photos, {"a": [], "b": ["graddfil"]}, reader)  # type: ignore[arg-type]
    assert reader.read_ones == ["valio", "graddfil", "valio", "valio"], "a confident answer is not read"
    assert found["R@1"] == dict(zip(WAYS, (0.4, 0.4, 0.2, 0.4, 0.6), strict=True))
    assert (found["better"], found["worse"], found["read"]) == (2, 2, 4)
    assert (found["before"], found["after"], found["R@5"]) == (0.5, 0.5, 1.0)
    assert found["p"] == 1.0 and found["ms reading"] == 300.0 and found["ms search"] == 20.0


def test_a_row_stands_in_both_tables() -> None:
    row = {
        "set": "cartons val",
        "way": "b, whole",
        "photos": 100,
        "R@1": dict(zip(WAYS, (0.87, 0.872, 0.88, 0.89, 0.9), strict=True)),
        "R@5": 0.97,
        "read": 21,
        "before": 0.5,
        "after": 0.6,
        "better": 2,
        "worse": 0,
        "p": 0.5,
        "ms reading": 400.4,
        "ms search": None,
    }
    said = {"bundle": "b", "engine": "e", "machine": "m", "commit": "c", "seed": 0, "few": None}
    said |= {"MB": 147.1, "MB in memory": 210.4, "page s": 3.46}
    text = page({**said, "rows": [row]})
    assert "| cartons val | b, whole | 100 | 0.970 | 0.870 | 0.872 | 0.880 | 0.890 | 0.900 |" in text
    assert "| cartons val | b, whole | 21 | 0.500 | 0.600 | 2 | 0 | 0.5 | 400 | – |" in text
    assert "147 MB" in text and "up to 210 MB of memory" in text and "3.5 seconds" in text
    assert "At most" not in text


def test_the_committed_page_is_that_of_its_figures() -> None:
    path = ROOT / "docs" / "reading.json"
    assert page(json.loads(path.read_text("utf-8"))) == path.with_suffix(".md").read_text("utf-8")
