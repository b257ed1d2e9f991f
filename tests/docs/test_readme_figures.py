"""What README says of how good it is stands in the pages that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURE = re.compile(r"\b\d+\.\d+\b")


def rows() -> list[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("## How good is it")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|") and "](docs/" in line]


def test_there_is_a_table() -> None:
    assert len(rows()) >= 5


@pytest.mark.parametrize("row", rows())
def test_a_figure_of_the_table_is_that_of_its_page(row: str) -> None:
    pages = [(ROOT / name).read_text() for name in re.findall(r"\]\((docs/[^)]+)\)", row)]
    figures = FIGURE.findall(row.split("](")[0])
    assert pages and figures
    missing = [each for each in figures if not any(each in FIGURE.findall(page) for page in pages)]
    assert not missing, f"{missing} stand in none of the pages that this row names"
