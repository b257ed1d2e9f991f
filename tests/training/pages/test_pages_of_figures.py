"""The committed pages of mining and of photos' faults are what their committed figures say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocketshelf_training.metrics.intervals import restored
from pocketshelf_training.mine import figures_page
from pocketshelf_training.mine.categories.figures import page as categories_page
from pocketshelf_training.quality import page as quality_page

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    "mining": figures_page.page_of,
    "mining-categories": lambda figures: categories_page.page(restored(figures)),
    "quality": lambda figures: quality_page.page_of(restored(figures)),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_that_of_its_figures(name: str) -> None:
    figures = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert without_times(PAGES[name](figures)) == without_times(text)
    assert not re.search(r"\{\w+\}|\bnan\b", text), "a place of the template is unfilled"


def without_times(text: str) -> str:
    """``text`` without tables that `benchmarks/fill_pages.py --check` holds to their results."""
    return re.sub(r"(<!-- [\w-]+: begin -->).*?(<!-- [\w-]+: end -->)", r"\1\2", text, flags=re.DOTALL)
