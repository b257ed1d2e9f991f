"""The shipped trainers and everything else do without the comparison of systems and the reductions."""

from __future__ import annotations

import re
from pathlib import Path

import pocketshelf_training

ROOT = Path(pocketshelf_training.__file__).parent
IMPORT = re.compile(r"^\s*(from|import) pocketshelf_training\.studies\b", re.MULTILINE)


def test_nothing_outside_imports_the_studies() -> None:
    inside = [path for path in ROOT.rglob("*.py") if IMPORT.search(path.read_text(encoding="utf-8"))]
    assert inside, "the studies import each other: the pattern finds something"
    assert [path for path in inside if "studies" not in path.relative_to(ROOT).parts] == []
