"""Sheets of pictures in groups."""

from __future__ import annotations

from pathlib import Path

from drawn_things import turned_photo
from pocketshelf.page.sheets import Group, Print, Sheet, render_sheet
from pocketshelf.page.thumbnails import data_url


def test_a_sheet_shows_each_group_with_its_pictures_and_what_was_said_of_them(tmp_path: Path) -> None:
    url = data_url(turned_photo(tmp_path / "photo.jpg"), 40)
    prints = [Print(url, "left <b>out</b>", "too dark 0.91", "bad"), Print(url, "kept")]
    page = render_sheet(
        Sheet("Photos left out", "Was that right?", [Group("Dark", prints, "by turns")], footer="seed 7")
    )
    assert page.count('<li class="print"') == 2 and page.count(url) == 2
    assert 'class="verdict bad">too dark 0.91' in page and page.count('class="verdict') == 1
    assert "left &lt;b&gt;out&lt;/b&gt;" in page and "real photos" in page and "seed 7" in page
    assert "2 pictures</small>" in page and 'title="kept"' in page
    assert "http://" not in page and "<script" not in page


def test_a_group_that_is_not_shown_whole_says_of_how_many() -> None:
    some = Group("Dark", [Print("data:,", "one")], total=7)
    page = render_sheet(
        Sheet("Photos left out", "Was that right?", [some, Group("One", [Print("data:,", "it")])])
    )
    assert "1 of 7 pictures</small>" in page and ">1 picture</small>" in page


def test_a_sheet_without_groups_says_so_and_drawn_ones_are_labelled() -> None:
    page = render_sheet(Sheet("Nothing", "Look", [], drawn=True))
    assert "None." in page and "drawn (synthetic)" in page
