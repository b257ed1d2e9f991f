"""Goods whose titles try the page: markup, 300 characters, emoji, writing from the right, no picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.processes import Program, kiosk
from browser.shelves import HOSTILE, HOSTILE_IDS, Shelf, make_shelf
from browser.visits import SIZES
from pocketshelf.catalogue import build_store


@pytest.fixture(scope="package")
def hostile(
    tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path, shelf: Shelf
) -> Iterator[Program]:
    """A kiosk over few goods, most of them hostile; one has lost its picture."""
    import csv
    import os

    folder = tmp_path_factory.mktemp("hostile")
    data = os.environ.get("POCKETSHELF_DATA")
    made = make_shelf(folder / "goods", Path(data) if data else None, hostile=True)
    build_store(made.catalogue, folder / "goods/store")
    with made.catalogue.open(encoding="utf-8") as stream:
        pictures = {row["product_id"]: row["image"] for row in csv.DictReader(stream)}
    (folder / "goods" / pictures[HOSTILE_IDS["pictureless"]]).unlink()
    with kiosk(folder / "goods/store", folder) as program:
        yield program


@pytest.mark.parametrize("size", SIZES)
def test_hostile_titles_are_shown_as_they_are_written(
    visit: Visiting, hostile: Program, shelf: Shelf, screenshots: Path, size: str
) -> None:
    visitor = visit(hostile.url, size=size)
    visitor.forgive("status of 404")
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.find("hit").first.or_(visitor.find("not-here")).first).to_be_visible()
    if visitor.find("not-here").count():
        visitor.find("similar-fold").locator("summary").click()
    text = visitor.page.locator("main, body").first.inner_text()
    for name in ("markup", "emoji", "rightward"):
        assert HOSTILE[name] in text
    visitor.page.screenshot(path=screenshots / f"kiosk-hostile-{size}-light.png")
    assert visitor.overflow()["page"] == 0
    assert "taken" not in visitor.page.title()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_product_has_a_page_that_holds_together(
    visit: Visiting, hostile: Program, shelf: Shelf, name: str
) -> None:
    visitor = visit(hostile.url, size="phone")
    visitor.forgive("status of 404")
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.find("hit").first.or_(visitor.find("not-here")).first).to_be_visible()
    if visitor.find("not-here").count():
        visitor.find("similar-fold").locator("summary").click()
    visitor.page.locator("[data-test=hit]").and_(
        visitor.page.locator(f"[data-product={quoted(HOSTILE_IDS[name])}]")
    ).first.click()
    expect(visitor.find("product-title")).to_contain_text(HOSTILE[name][:60].strip())
    assert visitor.overflow() == {"page": 0, "elements": []}


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
