"""The page of `search --html`: what it says of boxes and of photos that could not be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.page.searches import Searches, render_searches
from pocketshelf.stages.outfit import Shelves
from pocketshelf.types import Region, SearchResult, Timings


def tags(folder: Path, size: tuple[int, int], box: tuple[float, float, float, float]) -> list[str]:
    """The classes of the tags over a photo of ``size`` with one box."""
    Image.new("RGB", size).save(folder / "photo.png")
    result = SearchResult(str(folder / "photo.png"), *size, (Region(box, "footwear", 0.9),), Timings())
    page, _ = render_searches(Searches([result], [], "shelf", None, Shelves({})))
    return re.findall(r'<b class="([^"]*)">footwear 0.90</b>', page)


@pytest.mark.parametrize(
    ("size", "box", "classes"),
    [
        ((300, 400), (10.0, 100.0, 250.0, 90.0), ["tag"]),
        ((300, 400), (250.0, 100.0, 40.0, 90.0), ["tag end"]),
        ((300, 400), (250.0, 0.0, 40.0, 90.0), ["tag inside end"]),
        ((30, 240), (10.0, 100.0, 9.0, 90.0), []),
    ],
)
def test_a_tag_stays_over_its_photo(
    tmp_path: Path, size: tuple[int, int], box: tuple[float, float, float, float], classes: list[str]
) -> None:
    """It lay over the words beside a tall photo, or beside a box at the edge."""
    assert tags(tmp_path, size, box) == classes


def test_a_photo_that_could_not_be_read_is_named_once() -> None:
    failures = [("in/nope.jpg", "in/nope.jpg: no such file"), ("b.jpg", "is empty")]
    page, _ = render_searches(Searches([], failures, "shelf", None, Shelves({})))
    assert re.findall(r'<li dir="auto">(.*?)</li>', page) == ["in/nope.jpg: no such file", "b.jpg: is empty"]
