"""A new generation arrives while a shopper stands before the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.processes import Program, shop_server
from browser.shelves import more_goods
from drawn_things import draw_thing
from pocketshelf.sync import sync
from pocketshelf_server.cli import main as shop

FIRST = {"red": (200, 20, 20), "green": (20, 180, 30)}
SECOND = {**FIRST, "blue": (20, 30, 200)}


def publish(site: Path, catalogue: Path) -> None:
    assert shop(["import", str(site), str(catalogue)]) == 0
    assert shop(["publish", str(site)]) == 0


def test_a_sync_while_the_page_is_open_is_taken_up_without_a_reload(
    tmp_path: Path, visit: Visiting, make_kiosk: Callable[..., Program], trained_bundle: Path
) -> None:
    with shop_server(tmp_path) as (site, server):
        publish(site, more_goods(tmp_path / "first", FIRST))
        second = more_goods(tmp_path / "second", SECOND)
        store = tmp_path / "shelf"
        sync(store, server.url, root=(site / "repository/metadata/1.root.json").read_bytes())
        kiosk = make_kiosk(store, "--server", server.url, "--images", str(second.parent))
        visitor = visit(kiosk.url)
        visitor.go("/?view=live")
        visitor.page.evaluate("window.same = true")
        expect(visitor.find("freshness").first).to_contain_text("2")
        publish(site, second)
        request = Request(f"{kiosk.url}/api/sync", b"", {"Origin": kiosk.url}, method="POST")
        assert urlopen(request, timeout=30).status == 202
        expect(visitor.find("freshness").first).to_contain_text("3")
        draw_thing(SECOND["blue"], (640, 480)).save(tmp_path / "blue.png")
        visitor.find("upload-input").first.set_input_files(tmp_path / "blue.png")
        visitor.page.wait_for_function(
            "() => document.querySelector('[data-test=hit][data-product=blue]') !== null"
        )
        visitor.page.wait_for_function(
            "() => document.querySelector('[data-test=hit][data-product=blue] img')?.naturalWidth > 0"
        )
        assert visitor.page.evaluate("window.same") is True
        state = json.load(urlopen(f"{kiosk.url}/api/state", timeout=30))
        assert state["store"]["products"] == 3 and state["sync"]["last_success"]
