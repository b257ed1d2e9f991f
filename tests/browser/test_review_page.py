"""A person reviews mined clusters by keyboard, goes away, comes back, and hands over what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pocketshelf_training.mine.decisions import read_decisions
from pocketshelf_training.mine.pictures import list_pictures
from pocketshelf_training.mine.review import write_pages
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.vectors import Embedded, embedded_of

GROUPS = {"red": (200, 40, 40), "rose": (220, 90, 90), "green": (40, 190, 50), "blue": (40, 60, 210)}
EACH = 3


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """Three pictures of each of four things; red and rose are next to each other."""
    folder = tmp_path_factory.mktemp("mined")
    for name, ink in GROUPS.items():
        for number in range(EACH):
            Image.new("RGB", (64, 64), ink).save(folder / f"{name}{number}.png")
    pictures = list_pictures(folder)
    inks = [GROUPS[each.name[: -len("0.png")]] for each in pictures]
    shares = np.ones((len(pictures), 1), np.float32)
    return embedded_of(pictures, np.array(inks, float) - 110, shares, ["Cup"])


@pytest.fixture(scope="module")
def review(mined: Embedded) -> Path:
    """The page: red, rose, green, and blue that a rule dropped."""
    rows = {name: [n for n, p in enumerate(mined.pictures) if p.name.startswith(name)] for name in GROUPS}
    clusters = [
        Cluster(np.array(rows[name]), name.title(), 0.1, 0.001, 0, "members: 3 < 4" if name == "blue" else "")
        for name in GROUPS
    ]
    return write_pages(mined.pictures[0].path.parent, mined, clusters, "mine again")[0]


@pytest.fixture
def page(browser: Browser, review: Path) -> Iterator[Page]:
    """The page in a browser that has not seen it; a script's error fails the test."""
    with browser.new_context(accept_downloads=True) as context:
        found = context.new_page()
        errors: list[str] = []
        found.on("pageerror", lambda error: errors.append(str(error)))
        found.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        found.goto(review.as_uri())
        yield found
        assert errors == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def counts(page: Page) -> list[int]:
    """Open, accepted, rejected."""
    return [int(text.split()[0]) for text in page.locator("#counts span").all_inner_texts()]


def decided(page: Page, mined: Embedded, folder: Path) -> dict[str, set[str]]:
    """Category → pictures of what was accepted, as the command reads the file that the page saves."""
    with page.expect_download() as waiting:
        press(page, "w")
    saved = folder / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    return {each.category: set(each.names) for each in read_decisions([saved], mined.pictures)}


def test_accepted_and_rejected_by_key_and_undone(page: Page, mined: Embedded, tmp_path: Path) -> None:
    expect(page.locator("#name")).to_contain_text("Red: 1 of 4")
    assert counts(page) == [3, 0, 1]
    press(page, "a")
    expect(page.locator("#name")).to_contain_text("Rose: 2 of 4")
    press(page, "r", "a")
    assert counts(page) == [0, 2, 2]
    press(page, "u", "u")
    assert counts(page) == [2, 1, 1]
    expect(page.locator("#name")).to_contain_text("Rose: 2 of 4")
    assert decided(page, mined, tmp_path) == {"Red": {"red0.png", "red1.png", "red2.png"}}


def test_split_off_and_merged(page: Page, mined: Embedded, tmp_path: Path) -> None:
    press(page, "s")
    expect(page.locator("#message")).to_contain_text("select some")
    press(page, "ArrowRight", "Space", "s")
    expect(page.locator("#name")).to_contain_text("Red: 1 of 5")
    expect(page.locator("#shots .shot")).to_have_count(2)
    press(page, "ArrowDown")
    expect(page.locator("#shots .shot")).to_have_count(1)
    expect(page.locator("#near .strip").first).to_be_visible()
    press(page, "1")
    assert sum(counts(page)) == 4
    press(page, "a")
    (merged,) = decided(page, mined, tmp_path).values()
    assert merged == {"red1.png", "rose0.png", "rose1.png", "rose2.png"}


def test_it_goes_on_where_it_was_left(
    page: Page, browser: Browser, review: Path, mined: Embedded, tmp_path: Path
) -> None:
    press(page, "a", "a")
    page.reload()
    assert counts(page) == [1, 2, 1]
    expect(page.locator("#name")).to_contain_text("Green: 3 of 4")
    before = decided(page, mined, tmp_path)
    (saved,) = tmp_path.glob("*.json")
    with browser.new_context(accept_downloads=True) as elsewhere:
        other = elsewhere.new_page()
        other.goto(review.as_uri())
        assert counts(other) == [3, 0, 1]
        other.locator("#load").set_input_files(saved)
        expect(other.locator("#counts")).to_contain_text("2 accepted")
        assert decided(other, mined, tmp_path) == before


def test_a_file_of_another_review_is_refused_and_nothing_changes(page: Page, tmp_path: Path) -> None:
    press(page, "a")
    strange = tmp_path / "strange.json"
    strange.write_text('{"format": "pocketshelf-decisions", "version": 1, "review": "other", "clusters": []}')
    page.locator("#load").set_input_files(strange)
    expect(page.locator("#message")).to_contain_text("belongs to another review")
    assert counts(page) == [2, 1, 1]
