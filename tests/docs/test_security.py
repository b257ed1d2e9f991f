"""docs/security.md names, for each attack, a test that is there."""

from __future__ import annotations

import ast
import re

from pages import ROOT

PAGE = ROOT / "docs/security.md"
_TEST = r"`tests/[\w/]+\.py::test_\w+`"
_TESTS = re.compile(rf"{_TEST}(, {_TEST})*")


def rows() -> list[list[str]]:
    """The cells of the threat model's rows."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if "::test_" in line]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_every_row_says_who_what_and_what_stops_them() -> None:
    assert len(rows()) > 40
    assert [row for row in rows() if len(row) != 4 or not all(row)] == []


def test_every_test_that_is_named_is_there() -> None:
    missing = []
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8")):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        if name not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
            missing.append(f"{path}::{name}")
    assert missing == []


def test_every_test_stands_as_code() -> None:
    assert all(_TESTS.fullmatch(row[3]) for row in rows())
