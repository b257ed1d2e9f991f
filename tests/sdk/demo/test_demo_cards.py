"""The cards of the demo's page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from markupsafe import escape

from drawn_things import turned_photo
from pocketshelf.demo.answers import Answer, DetectedExample
from pocketshelf.demo.dataset import Example, Query
from pocketshelf.page.templating import environment
from pocketshelf.page.thumbnails import Gallery
from pocketshelf.types import Hit, Region, SearchResult, Timings

HOSTILE = """<script>"x" & 'y'</script>"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return turned_photo(tmp_path / "photo.jpg")


def _product(title: str, category: str) -> SimpleNamespace:
    return SimpleNamespace(title=title, category=category, image=None)


def _made(card: str, *arguments: object) -> str:
    return str(getattr(environment().get_template("cards.html").module, card)(*arguments)).strip()


def _card(photo: Path, rank: int | None, hits: tuple[Hit, ...], wanted: object = None) -> str:
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
    answer = Answer(Query(photo, "right"), result, 0, rank, rank, 1)
    return _made("query_card", answer, wanted, Gallery(photo.parent), False)


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


@pytest.mark.parametrize("title", [HOSTILE, "ab" * 150, "שמלה \u202eabc", "Größe & Höhe"])
def test_titles_stand_as_text_whatever_they_are(photo: Path, title: str) -> None:
    wanted = _product(title, title)
    made = [
        _card(photo, 1, (Hit("right", 0.9, title, "c"),)),
        _card(photo, None, (Hit("other", 0.9, title, title),), wanted),
        _made("example_card", DetectedExample(Example(photo, title, title), (), 100, 200), Gallery(photo)),
    ]
    for card in made:
        assert "<script" not in card and str(escape(title)) in card
    # A title of another direction does not turn what stands beside it.
    assert all(f'dir="auto">{escape(title)}<' in card for card in made[:2])


def test_a_miss_shows_what_was_wanted(photo: Path) -> None:
    wanted = _product("Right", "Brown-Cap-Mushroom")
    card = _card(photo, None, (Hit("wrong", 0.9, "Wrong", "c"),), wanted)
    assert 'class="wanted"' in card and '<h3 dir="auto">Right</h3>' in card and "Brown Cap Mushroom" in card
    assert "wanted" not in _card(photo, 3, (Hit("right", 0.9, "Right", "c"),), wanted)


def test_a_bag_is_not_told_to_be_yoghurt(photo: Path) -> None:
    from pocketshelf.stages.outfit import Shelves

    shelves = Shelves({"bag": ["Bag"], "goods": ["Yoghurt"]})
    categories = (("Yoghurt", 0.8), ("Bag", 0.15))
    bag, frame = (Region((0, 0, 9, 9), group, 0.9, categories) for group in ("bag", "frame"))
    found = DetectedExample(Example(photo, "street", "a bag"), (bag,), 100, 200)
    card = _made("example_card", found, Gallery(photo.parent), shelves)
    assert "Yoghurt" not in card and "Bag 0.15" in card
    found = DetectedExample(Example(photo, "street", "a bag"), (frame,), 100, 200)
    assert "Yoghurt 0.80" in _made("example_card", found, Gallery(photo.parent), shelves)
