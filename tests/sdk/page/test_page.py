"""Cards and pictures of the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.demo.answers import Answer, ShownExample
from pocketshelf.demo.dataset import Example, Query
from pocketshelf.page.cards import example_card, query_card
from pocketshelf.page.thumbnails import Gallery, data_url
from pocketshelf.types import Hit, Region, SearchResult, Timings

HOSTILE = """<script>"x" & 'y'</script>"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A turned photo of 200 x 100 pixels, upright 100 x 200."""
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (200, 100), "red").save(path, exif=exif)
    return path


def _card(photo: Path, rank: int | None, hits: tuple[Hit, ...]) -> str:
    regions = (
        Region(
            (10, 20, 50, 100),
            "goods",
            0.9,
            (("Apple", 0.8), ("Pear", 0.01)),
            {"sleeve": ("short", 0.7)},
            hits,
        ),
        Region((60, 20, 30, 30), "bag", 0.5, (), {}, hits),
    )
    result = SearchResult("p", 100, 200, regions, Timings())
    answer = Answer(Query(photo, "right"), result, result, 0, rank, rank, 1)
    return query_card(answer, None, Gallery(photo.parent), drawn=False)


def test_only_the_right_hit_is_marked(photo: Path) -> None:
    hits = (Hit("wrong", 0.9, "Wrong", "c", image="photo.jpg"), Hit("right", 0.8, "Right", "c"))
    card = _card(photo, 2, hits)
    assert card.count('<li class="right">') == 2  # in the region that counts, and in the folded one
    assert card.startswith('<article class="card hit">') and "✓ 2nd" in card
    assert "0.900" in card and "0.800" in card and "whole photo: 1st" in card


def test_a_miss_says_so(photo: Path) -> None:
    card = _card(photo, None, (Hit("wrong", 0.9, "Wrong", "c"),))
    assert card.startswith('<article class="card miss">') and "not among the first five" in card
    assert "✓ right" not in card


def test_boxes_lie_where_the_region_is_in_shares_of_the_photo(photo: Path) -> None:
    card = _card(photo, None, ())
    assert "left:10.0%;top:10.0%;width:50.0%;height:50.0%" in card
    assert "goods 0.90" in card and "Apple 0.80" in card and "Pear" not in card and "sleeve: short" in card
    assert "1 more box" in card and "No product found." in card


def test_titles_cannot_write_markup(photo: Path) -> None:
    card = _card(photo, 1, (Hit("right", 0.9, HOSTILE, "c"),))
    assert "<script" not in card and "&lt;script&gt;&quot;x&quot;" in card
    shown = ShownExample(Example(photo, HOSTILE, HOSTILE), (), 100, 200)
    assert "<script" not in example_card(shown)


def test_pictures_in_the_page_are_upright_and_small(photo: Path) -> None:
    url = data_url(photo, side=50)
    picture = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
    assert picture.size == (25, 50)


def test_a_gallery_picture_is_in_the_page_once(photo: Path) -> None:
    gallery = Gallery(photo.parent)
    names = [gallery.style_class(image) for image in ("photo.jpg", "photo.jpg", None, "missing.jpg")]
    assert names == ["p0", "p0", "none", "none"]
    assert gallery.rules().count("data:image/jpeg") == 1
