"""What all pages share: pictures in the page, templates, the style."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from PIL import Image

from drawn_things import turned_photo
from pocketshelf.page.templating import environment, render
from pocketshelf.page.thumbnails import Gallery, data_url

TEMPLATES, ASSETS = map(Path, environment().loader.searchpath)  # type: ignore[union-attr]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return turned_photo(tmp_path / "photo.jpg")


def test_pictures_in_the_page_are_upright_and_small(photo: Path) -> None:
    url = data_url(photo, side=50)
    picture = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
    assert picture.size == (25, 50)


def test_a_gallery_picture_is_in_the_page_once(photo: Path) -> None:
    gallery = Gallery(photo.parent)
    names = [gallery.style_class(image) for image in ("photo.jpg", "photo.jpg", None, "missing.jpg")]
    assert names == ["p0", "p0", "none", "none"]
    assert gallery.rules().count("data:image/jpeg") == 1


def test_a_gallery_picture_is_found_as_the_catalogue_finds_it(photo: Path) -> None:
    gallery = Gallery(photo.parent)
    assert gallery.style_class(f"/{photo.name}") == "p0"
    assert gallery.style_class(f"https://shop.example/media/{photo.name}?v=3") == "p1"
    assert gallery.style_class("../../etc/passwd") == "none"


def test_a_page_is_a_whole_document_with_its_style(tmp_path: Path) -> None:
    text = render("base.html", gallery=Gallery(tmp_path))
    assert text.lstrip().startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert "Content-Security-Policy" in text and "prefers-color-scheme:dark" in text
    assert '[data-theme="dark"]' in text or "[data-theme=dark]" in text
    assert ", " in text and "&#34;" not in text and "&#39;" not in text  # The style is not escaped.


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("base.html")


def test_every_class_that_a_template_names_is_in_the_style() -> None:
    style = (ASSETS / "page.css").read_text(encoding="utf-8")
    for template in TEMPLATES.glob("*.html"):
        for names in re.findall(r'class="([^"{]+)"', template.read_text(encoding="utf-8")):
            for name in names.split():
                assert f".{name}" in style or name == "lead", (template.name, name)


@pytest.mark.parametrize(
    ("category", "words"),
    [("Brown-Cap-Mushroom", "Brown Cap Mushroom"), ("T-Shirt", "T-Shirt"), ("low-fat milk", "low-fat milk")],
)
def test_categories_read_as_words(category: str, words: str) -> None:
    assert environment().filters["plain"](category) == words


def test_places_are_ordinals() -> None:
    assert [environment().filters["ordinal"](rank) for rank in (1, 2, 3, 4, 11)] == [
        "1st", "2nd", "3rd", "4th", "11th",
    ]  # fmt: skip
