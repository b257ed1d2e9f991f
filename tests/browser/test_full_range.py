"""What only the server's full range has: shown with its picture, and opened, before a shelf that lacks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.processes import Program, shop_server
from browser.shelves import more_goods
from drawn_things import draw_thing
from pocketshelf.sync import sync
from pocketshelf_server.cli import main as shop

SHELF = {"red": (200, 20, 20), "green": (20, 180, 30)}
RANGE = {**SHELF, "blue": (20, 30, 200)}


def test_a_product_that_the_server_found_is_shown_and_can_be_opened(
    tmp_path: Path,
    visit: Visiting,
    make_kiosk: Callable[..., Program],
    trained_bundle: Path,
    screenshots: Path,
) -> None:
    with shop_server(tmp_path) as (site, server):
        assert shop(["import", str(site), str(more_goods(tmp_path / "shelf-goods", SHELF))]) == 0
        assert shop(["publish", str(site)]) == 0
        store = tmp_path / "shelf"
        sync(store, server.url, root=(site / "repository/metadata/1.root.json").read_bytes())
        # Not published: this shelf never has it.
        assert shop(["import", str(site), str(more_goods(tmp_path / "all-goods", RANGE))]) == 0
        kiosk = make_kiosk(store, "--server", server.url)
        draw_thing(RANGE["blue"], (640, 480)).save(tmp_path / "blue.png")
        visitor = visit(kiosk.url)
        visitor.forgive("404")  # The page asks the shelf first.
        found = visitor.page.locator("[data-test=hit][data-product=blue]").first
        for _ in range(5):  # A server that does not answer within 3 s, on a busy machine, is not waited for.
            visitor.go("/?view=live")
            visitor.find("upload-input").first.set_input_files(tmp_path / "blue.png")
            expect(visitor.find("hit").first).to_be_visible()
            if found.is_visible():
                break
        expect(found.locator("[data-test=elsewhere]")).to_be_visible()
        visitor.page.wait_for_function(
            "() => document.querySelector('[data-test=hit][data-product=blue] img')?.naturalWidth > 0"
        )
        visitor.page.screenshot(path=screenshots / "full-range-results.png")
        found.click()
        expect(visitor.find("product-title")).to_have_text("The blue thing")
        page = visitor.page.locator("[data-test=product]")
        expect(page.locator(".facts [data-test=elsewhere]")).to_be_visible()
        visitor.page.wait_for_function(
            "() => document.querySelector('[data-test=product-picture] img')?.naturalWidth > 0"
        )
        visitor.page.screenshot(path=screenshots / "full-range-product.png")
        visitor.find("back").click()
        expect(found).to_be_visible()
